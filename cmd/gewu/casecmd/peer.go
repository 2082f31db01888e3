package casecmd

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/BurntSushi/toml"

	"github.com/gewu-city/gewu/data"
)

// Peer are the commands about other platforms with which cases are exchanged.
type Peer struct {
	List   PeerList   `cmd:"" help:"List the platforms with which cases are exchanged."`
	Show   PeerShow   `cmd:"" help:"Show one: what it may send, and what its messages mean here."`
	Set    PeerSet    `cmd:"" help:"Set a platform up, or change it, from a file; a secret that is made is printed once."`
	Test   PeerTest   `cmd:"" help:"Ask a platform whether messages arrive."`
	Remove PeerRemove `cmd:"" help:"Exchange no more cases with a platform."`
}

// peerShown mirrors a peer as the server shows it.
type peerShown struct {
	ID            string
	Title         data.Title
	URL           string
	May           []string
	Organisation  string
	Secrets       int
	Waiting, Dead int
	Secret        string
}

// PeerList is gewu case peer list.
type PeerList struct {
	JSON bool `help:"Print the platforms as JSON, one a line." name:"json"`
}

// Run prints a table.
func (c *PeerList) Run(e *Env) error {
	var list struct{ Peers []json.RawMessage }
	if _, err := e.ask(http.MethodGet, "/v1/peers", nil, nil, &list); err != nil {
		return err
	}
	t := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
	if !c.JSON {
		fmt.Fprintln(t, "PEER\tTITLE\tORGANISATION\tSECRETS\tWAITING\tDEAD\tURL")
	}
	for _, raw := range list.Peers {
		if c.JSON {
			if err := e.raw(raw); err != nil {
				return err
			}
			continue
		}
		var p peerShown
		if err := json.Unmarshal(raw, &p); err != nil {
			return err
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\t%d\t%s\n", p.ID, both(p.Title), p.Organisation, p.Secrets, p.Waiting, p.Dead, p.URL)
	}
	return t.Flush()
}

// PeerShow is gewu case peer show.
type PeerShow struct {
	Peer string `arg:"" help:"Id of the platform."`
}

// Run prints it as JSON: so it can be changed and set again.
func (c *PeerShow) Run(e *Env) error {
	var one map[string]any
	if _, err := e.ask(http.MethodGet, "/v1/peers/"+url.PathEscape(c.Peer), nil, nil, &one); err != nil {
		return err
	}
	text, err := json.MarshalIndent(one, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.Stdout, "%s\n", text)
	return err
}

// PeerSet is gewu case peer set.
type PeerSet struct {
	Peer       string `arg:"" help:"Id of the platform: letters, digits and hyphens."`
	File       string `help:"TOML or JSON file: title, url, organisation, and what differs from the base process." type:"existingfile" required:"" placeholder:"FILE"`
	SecretFile string `help:"File with the secret that the other side printed, as whsec_…; the one before stays good until --drop-secret." type:"existingfile" placeholder:"FILE"`
	NewSecret  bool   `help:"Make a new secret and print it; the one before stays good until --drop-secret."`
	DropSecret bool   `help:"Let the older one of two secrets go."`
}

// shownOnly are members that the server shows and nobody sets.
var shownOnly = []string{"id", "secrets", "waiting", "dead"}

// Run sets it.
func (c *PeerSet) Run(e *Env) error {
	text, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	body := map[string]any{}
	if strings.EqualFold(filepath.Ext(c.File), ".json") {
		err = json.Unmarshal(text, &body)
	} else {
		err = toml.Unmarshal(text, &body)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	for _, name := range shownOnly {
		delete(body, name)
	}
	if _, there := body["secret"]; there {
		return fmt.Errorf("%s: secret does not stand beside what may be shown to others; put it into a file of its own and name that with --secret-file", c.File)
	}
	body["new_secret"], body["drop_secret"] = c.NewSecret, c.DropSecret
	if c.SecretFile != "" {
		secret, err := os.ReadFile(c.SecretFile)
		if err != nil {
			return err
		}
		body["secret"] = strings.TrimSpace(string(secret))
	}
	var p peerShown
	if _, err := e.ask(http.MethodPut, "/v1/peers/"+url.PathEscape(c.Peer), nil, body, &p); err != nil {
		return err
	}
	fmt.Fprintf(e.Stderr, "%s  %s  %s, secrets: %d\n", p.ID, both(p.Title), p.URL, p.Secrets)
	if p.Secret != "" {
		fmt.Fprintln(e.Stderr, "The secret follows. It is shown this once: give it to the other side on a safe way.")
		_, err = fmt.Fprintln(e.Stdout, p.Secret)
	}
	return err
}

// PeerTest is gewu case peer test.
type PeerTest struct {
	Peer string `arg:"" help:"Id of the platform."`
}

// Run prints whether messages arrive; it fails when they do not.
func (c *PeerTest) Run(e *Env) error {
	var is struct {
		OK  bool
		Why string
		May []string
	}
	if _, err := e.ask(http.MethodPost, "/v1/peers/"+url.PathEscape(c.Peer)+"/test", nil, nil, &is); err != nil {
		return err
	}
	if !is.OK {
		return errors.New(c.Peer + ": " + cmp.Or(is.Why, "messages do not arrive"))
	}
	_, err := fmt.Fprintf(e.Stdout, "%s: messages arrive; the platform takes %s\n", c.Peer, strings.Join(is.May, ", "))
	return err
}

// PeerRemove is gewu case peer remove.
type PeerRemove struct {
	Peer string `arg:"" help:"Id of the platform."`
}

// Run forgets it.
func (c *PeerRemove) Run(e *Env) error {
	_, err := e.ask(http.MethodDelete, "/v1/peers/"+url.PathEscape(c.Peer), nil, nil, nil)
	return err
}
