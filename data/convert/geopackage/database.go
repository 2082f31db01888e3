// Package geopackage reads and writes GeoPackages (OGC 12-128r18): tables of features in a SQLite file.
//
// The file lies on disk while it is read or written, and rows stream through; memory does not grow with it.
package geopackage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"modernc.org/sqlite"
)

// maxValue bounds one value, and with it the memory of a row: 8 million vertices.
const maxValue = 128 << 20

// limitLength is SQLITE_LIMIT_LENGTH.
const limitLength = 0

// open opens a file that may come from anyone: its schema is not trusted with functions, nothing in it runs but plain
// reads, and values are bounded.
func open(ctx context.Context, file string) (*sql.DB, *sql.Conn, error) {
	q := url.Values{"mode": {"ro"}, "immutable": {"1"}, "_defensive": {"1"}, "_pragma": {
		"trusted_schema(0)", "query_only(1)", "cell_size_check(1)", "mmap_size(0)", "temp_store(2)",
	}}
	return connect(ctx, file, q)
}

// create opens an empty file for writing. It is thrown away when anything fails, so nothing is done to keep it whole.
func create(ctx context.Context, file string) (*sql.DB, *sql.Conn, error) {
	return connect(ctx, file, url.Values{"_pragma": {"journal_mode(off)", "synchronous(off)", "locking_mode(exclusive)"}})
}

func connect(ctx context.Context, file string, q url.Values) (*sql.DB, *sql.Conn, error) {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, nil, err
	}
	conn, err := db.Conn(ctx)
	if err == nil {
		_, err = sqlite.Limit(conn, limitLength, maxValue)
	}
	if err != nil {
		_ = db.Close()
		return nil, nil, reason(err)
	}
	return db, conn, nil
}

// reason says of a fault of the database what it means for the file.
func reason(err error) error {
	if fault, ok := errors.AsType[*sqlite.Error](err); ok {
		switch fault.Code() & 0xff {
		case 11, 26: // SQLITE_CORRUPT, SQLITE_NOTADB
			return fmt.Errorf("the file is damaged or no SQLite database: %w", err)
		case 18: // SQLITE_TOOBIG
			return fmt.Errorf("a value has more than %d MiB", maxValue>>20)
		}
	}
	return err
}

// quote makes an identifier of a name.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
