package trust

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/go-jose/go-jose/v4"

	"innerdoor.example/shared/mtls"
	"innerdoor.example/shared/principal"
)

// Files are the settings of workload's identity in the trust domain that lies in dir.
func Files(dir string, workload principal.Workload) mtls.Settings {
	return mtls.Settings{
		Cert:   filepath.Join(dir, string(workload), "cert.pem"),
		Key:    filepath.Join(dir, string(workload), "key.pem"),
		Bundle: filepath.Join(dir, "bundle.pem"),
	}
}

// TxnFiles are where the gateway's signing key and everybody's verification keys lie in dir.
func TxnFiles(dir string) (key, keySet string) {
	return filepath.Join(dir, "gateway", "txn.key"), filepath.Join(dir, "txn.jwks")
}

// WriteBundle writes the authority's certificate to dir.
func (a *Authority) WriteBundle(dir string) error {
	return write(Files(dir, "").Bundle, encode("CERTIFICATE", a.cert.Raw), forAll)
}

// WriteWorkload issues a certificate that is good for life from now on (less than zero: one that has expired) and
// writes it and its key to dir.
func (a *Authority) WriteWorkload(dir string, workload principal.Workload, life time.Duration) error {
	until := time.Now().Add(life)
	cert, key, err := a.issue(workload, until.Add(-life.Abs()-skew), until)
	if err != nil {
		return err
	}
	files := Files(dir, workload)
	if err := write(files.Cert, cert, forAll); err != nil {
		return err
	}
	return write(files.Key, key, forOwner)
}

// WriteTxnKey makes a key for Txn-Tokens (EdDSA) and writes it for the gateway, and its public half for everybody.
func WriteTxnKey(dir string) error {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	signer, err := principal.NewSigner(private)
	if err != nil {
		return err
	}
	set, err := json.MarshalIndent(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{signer.Public()}}, "", "  ")
	if err != nil {
		return err
	}
	key, err := encodeKey(private)
	if err != nil {
		return err
	}
	keyFile, setFile := TxnFiles(dir)
	if err := write(setFile, set, forAll); err != nil {
		return err
	}
	return write(keyFile, key, forOwner)
}

// The modes of files. A key in a folder that hands its group down (set-group-ID) is for that group too: the containers'
// devca and the process that the key is for are different users.
const (
	forAll   fs.FileMode = 0o644
	forOwner fs.FileMode = 0o600
	forGroup fs.FileMode = 0o640
)

// write replaces a file at once, so that a process that reads it meanwhile sees the old one or the new one, never half.
func write(path string, content []byte, mode fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	folder, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return err
	}
	if mode == forOwner && folder.Mode()&fs.ModeSetgid != 0 {
		mode = forGroup
	}
	half, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = half.Write(content)
	err = errors.Join(err, half.Chmod(mode))
	if closed := half.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(half.Name(), path)
	}
	if err != nil {
		os.Remove(half.Name())
	}
	return err
}
