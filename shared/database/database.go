// Package database is one SQLite file behind two methods: Read, a snapshot, and
// Write, which returns when the change is on disk. Writes that wait together are
// committed together, so that a durable decision record costs a share of a flush
// and not a flush of its own. PostgreSQL would stand behind the same methods.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// ErrUnavailable is in the chain of every error that is the engine's and not the
// job's: the file cannot be read or written, a commit failed, the database is
// closed. Nothing of the job has been done.
var ErrUnavailable = errors.New("the database is unavailable")

// DB is an open database file. Its methods may be called from many goroutines.
type DB struct {
	pool    *sql.DB
	readers chan *conn // a nil slot is opened by whoever takes it
	jobs    chan *job
	quit    chan struct{} // closed by Close
	stopped chan struct{} // closed by the writer when it has finished
	close   sync.Once
}

// Migrations is one package's part of the schema: goose files in FS, whose
// version is kept in the table <Name>_versions, so that parts grow independently.
type Migrations struct {
	Name string
	FS   fs.FS
}

// Open opens the file, making it if need be, and brings its schema up to date
// by each of the migrations in turn.
func Open(ctx context.Context, file string, migrations ...Migrations) (*DB, error) {
	made, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600) // nobody else's to read
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	_ = made.Close()
	pool, err := sql.Open("sqlite", source(file))
	if err != nil {
		return nil, fmt.Errorf("open the database %s: %w", file, err)
	}
	for _, m := range migrations {
		if err := m.apply(ctx, pool); err != nil {
			return nil, errors.Join(fmt.Errorf("bring %s of %s up to date: %w", m.Name, file, err), pool.Close())
		}
	}
	db := &DB{
		pool:    pool,
		readers: make(chan *conn, max(4, 2*runtime.GOMAXPROCS(0))),
		jobs:    make(chan *job, largestGroup),
		quit:    make(chan struct{}),
		stopped: make(chan struct{}),
	}
	for range cap(db.readers) {
		db.readers <- nil
	}
	go db.writer()
	if err := db.Ready(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// source is the driver's name for the file. synchronous=FULL is the only mode
// that lost nothing when the power was cut. Another process that holds the file is
// waited for no longer than a client would wait.
func source(file string) string {
	settings := url.Values{"_pragma": {
		"busy_timeout(2000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "temp_store(MEMORY)",
	}}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(file)}).EscapedPath(), RawQuery: settings.Encode()}).String()
}

func (m Migrations) apply(ctx context.Context, pool *sql.DB) error {
	provider, err := goose.NewProvider(goose.DialectSQLite3, pool, m.FS,
		goose.WithTableName(m.Name+"_versions"), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// Ready answers whether the database can be read and written now.
func (d *DB) Ready(ctx context.Context) error {
	if err := d.Read(ctx, func(ctx context.Context, tx *Tx) error {
		var one int
		return tx.QueryRowContext(ctx, "SELECT 1").Scan(&one)
	}); err != nil {
		return err
	}
	return d.Write(ctx, func(context.Context, *Tx) error { return nil })
}

// Close lets the waiting jobs finish and closes the file. Later calls of Read
// and Write are ErrUnavailable.
func (d *DB) Close() error {
	var err error
	d.close.Do(func() {
		close(d.quit)
		<-d.stopped
		for range cap(d.readers) {
			if c := <-d.readers; c != nil {
				c.discard()
			}
		}
		err = d.pool.Close()
	})
	return err
}
