package kept

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"sync"

	"github.com/gewu-city/gewu/cases/route"
)

// off is the file of the rules that are switched off: a rule that has failed would fail again after a restart, and for the case
// that meets it first. It can be thrown away: then all rules are on.
type off struct {
	path string

	mu sync.Mutex
	// text is that of the rules in force: what rules before them switch off is of no use.
	text string
	// fault is why the file could not be written last, nil if it was.
	fault error
}

// begin has rules of a text be those in force.
func (o *off) begin(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = text
}

// failed is why the file could not be written last, nil if it was.
func (o *off) failed() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.fault
}

// switched is what the file holds: rules that are off, of the text of rules with a sum.
type switched struct {
	Rules string           `json:"rules"`
	Off   []route.Disabled `json:"off"`
}

func sum(text string) string {
	is := sha256.Sum256([]byte(text))
	return hex.EncodeToString(is[:])
}

// of are the rules of a text that were switched off; other rules are all on.
func (o *off) of(text string) ([]route.Disabled, error) {
	if o.path == "" {
		return nil, nil
	}
	b, err := os.ReadFile(o.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var is switched
	if err := json.Unmarshal(b, &is); err != nil || is.Rules != sum(text) {
		return nil, err
	}
	return is.Off, nil
}

// keep keeps what is switched off. What cannot be kept is told by Faults and counts until the next start.
func (o *off) keep(text string, list []route.Disabled) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.path == "" || text != o.text {
		return
	}
	o.fault = func() error {
		b, err := json.Marshal(switched{sum(text), list})
		if err != nil {
			return err
		}
		fresh := o.path + ".new"
		f, err := os.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // the operator names the folder
		if err != nil {
			return err
		}
		_, err = f.Write(b)
		if err == nil {
			err = f.Sync()
		}
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
		return os.Rename(fresh, o.path)
	}()
}
