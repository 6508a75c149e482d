package door

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// Cursors seals the places at which lists go on, so that a client can neither read
// nor make one, and binds each to its tenant, person, action and filter.
type Cursors struct {
	aead cipher.AEAD // AES-256-GCM, a random nonce in front
}

// NewCursors makes Cursors from a key of 32 random bytes.
func NewCursors(key []byte) (*Cursors, error) {
	if len(key) != cursorKey {
		return nil, fmt.Errorf("the key of list cursors is %d bytes, not %d", len(key), cursorKey)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &Cursors{aead: aead}, nil
}

var errCursor = errors.New("the cursor was not made here for this")

func (c *Cursors) sealed(p Place, holder string) string {
	place := binary.BigEndian.AppendUint64(nil, uint64(p.CreatedAt))
	place = append(place, p.ID...)
	return base64.RawURLEncoding.EncodeToString(c.aead.Seal(nil, nil, place, []byte(holder)))
}

func (c *Cursors) opened(cursor, holder string) (Place, error) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || strings.ContainsAny(cursor, "\r\n") { // which Go's base64 skips
		return Place{}, errCursor
	}
	place, err := c.aead.Open(nil, nil, sealed, []byte(holder))
	if err != nil || len(place) < 8 {
		return Place{}, errCursor
	}
	return Place{CreatedAt: int64(binary.BigEndian.Uint64(place)), ID: string(place[8:])}, nil
}

// bound joins parts so that no two lists of parts give the same text.
func bound(parts ...string) string {
	var b []byte
	for _, part := range parts {
		b = binary.AppendUvarint(b, uint64(len(part)))
		b = append(b, part...)
	}
	return string(b)
}
