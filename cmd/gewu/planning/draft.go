package planning

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// Draft are the commands about drafts of schemes.
type Draft struct {
	New       DraftNew       `cmd:"" help:"Begin a draft of a scheme, as it is now or as an earlier version was."`
	List      DraftList      `cmd:"" help:"List drafts, the newest first."`
	Show      DraftShow      `cmd:"" help:"Show a draft and its steps."`
	Edit      DraftEdit      `cmd:"" help:"Do operations on a draft."`
	Import    DraftImport    `cmd:"" help:"Replace cells of a draft by the polygons of a GeoJSON file, as one step."`
	Join      DraftJoin      `cmd:"" help:"Make areas, such as a whole district, parts of another one: what lies below gets its codes by the rule, old codes stay readable."`
	Undo      DraftUndo      `cmd:"" help:"Take back the last step."`
	Redo      DraftRedo      `cmd:"" help:"Do the step again that was undone last."`
	Rebase    DraftRebase    `cmd:"" help:"Put a draft on the present version, when its cells are what they were."`
	Conflicts DraftConflicts `cmd:"" help:"Borders and cells that other drafts change, too."`
	Delete    DraftDelete    `cmd:"" help:"Forget a draft."`
}

// draft mirrors a draft of GET /v1/drafts/{draft}.
type draft struct {
	ID        string     `json:"id"`
	Scheme    string     `json:"scheme"`
	Title     string     `json:"title"`
	Author    string     `json:"author"`
	State     string     `json:"state"`
	Version   int        `json:"version"`
	Steps     int        `json:"steps"`
	Done      int        `json:"done"`
	Published int        `json:"published"`
	Created   time.Time  `json:"created"`
	Due       *time.Time `json:"due"`
	Reason    string     `json:"reason"`
	Seq       uint64     `json:"seq"`
}

// answer mirrors what is told about a draft.
type answer struct {
	Draft   draft `json:"draft"`
	Changed *struct {
		Created []string `json:"created"`
		Altered []string `json:"altered"`
		Ended   []string `json:"ended"`
	} `json:"changed"`
	Found []struct {
		Kind  string     `json:"kind"`
		Area  float64    `json:"area_m2"`
		Point [2]float64 `json:"point"`
		Cells []string   `json:"cells"`
		Code  string     `json:"code"`
	} `json:"found"`
	Defects struct {
		Features []struct {
			Properties json.RawMessage `json:"properties"`
		} `json:"features"`
	} `json:"defects"`
	Counts map[string]int `json:"counts"`
}

// ask sends a request to the city and reads its answer; raw is the answer as it came.
func (e *Env) ask(method, path string, query url.Values, contentType string, body io.Reader, out any) (raw []byte, err error) {
	err = e.City(func(c Client) error {
		resp, err := c.Do(e.Ctx, method, path, query, contentType, body)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if raw, err = io.ReadAll(resp.Body); err != nil || out == nil {
			return err
		}
		return json.Unmarshal(raw, out)
	})
	return raw, err
}

// post sends a JSON body.
func (e *Env) post(path string, v, out any) (raw []byte, err error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return e.ask(http.MethodPost, path, nil, "application/json", bytes.NewReader(body), out)
}

func draftPath(id string) string { return "/v1/drafts/" + url.PathEscape(id) }

// line prints JSON as it came, in one line.
func (e *Env) line(raw []byte) error {
	_, err := fmt.Fprintf(e.Stdout, "%s\n", bytes.TrimSpace(raw))
	return err
}

// DraftNew begins a draft.
type DraftNew struct {
	Scheme string   `help:"Scheme of the city." default:"unit" placeholder:"NAME"`
	Title  string   `help:"What the draft is about." placeholder:"TEXT"`
	Rule   string   `help:"Fix cells that are no coverage: longest_border gives gaps and overlaps to the neighbour with the longest common border, priority to the first of --order." enum:",longest_border,priority" default:"" placeholder:"RULE"`
	Order  []string `help:"Codes for --rule priority, the first wins." placeholder:"CODE,…"`
	From   int      `help:"Go back to an earlier version: its number." name:"from-version" placeholder:"N"`
	By     string   `help:"For whom you act, when the city has no accounts or you work on its machine." placeholder:"NAME"`
	JSON   bool     `help:"Print the answer as JSON." name:"json"`
}

// Run prints the id of the draft.
func (c *DraftNew) Run(e *Env) error {
	body := map[string]any{"scheme": c.Scheme, "title": c.Title}
	if c.Rule != "" {
		body["rule"] = c.Rule
	}
	if len(c.Order) > 0 {
		body["order"] = c.Order
	}
	if c.From > 0 {
		body["from_version"] = c.From
	}
	if c.By != "" {
		body["by"] = c.By
	}
	var a answer
	raw, err := e.post("/v1/drafts", body, &a)
	if err != nil {
		return err
	}
	if c.JSON {
		return e.line(raw)
	}
	for _, d := range a.Found {
		to := "vertex added"
		if d.Code != "" {
			to = "now of " + d.Code
		}
		fmt.Fprintf(e.Stderr, "%s %s m² at %.7f, %.7f (%s): %s\n", d.Kind, number(d.Area), d.Point[0], d.Point[1], strings.Join(d.Cells, " "), to)
	}
	_, err = fmt.Fprintln(e.Stdout, a.Draft.ID)
	return err
}

// DraftList lists drafts.
type DraftList struct {
	Scheme string `help:"Only of this scheme." placeholder:"NAME"`
	State  string `help:"Only in this state: draft, checked, approved, planned, published." enum:",draft,checked,approved,planned,published" default:"" placeholder:"STATE"`
	JSON   bool   `help:"Print the drafts as JSON, one a line." name:"json"`
}

// Run prints a table.
func (c *DraftList) Run(e *Env) error {
	query := url.Values{"limit": {"1000"}}
	for name, v := range map[string]string{"scheme": c.Scheme, "state": c.State} {
		if v != "" {
			query.Set(name, v)
		}
	}
	var list struct {
		Drafts []json.RawMessage `json:"drafts"`
	}
	if _, err := e.ask(http.MethodGet, "/v1/drafts", query, "", nil, &list); err != nil {
		return err
	}
	t := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
	if !c.JSON {
		fmt.Fprintln(t, "ID\tSCHEME\tSTATE\tSTEPS\tAUTHOR\tCREATED\tTITLE")
	}
	for _, raw := range list.Drafts {
		if c.JSON {
			if err := e.line(raw); err != nil {
				return err
			}
			continue
		}
		var d draft
		if err := json.Unmarshal(raw, &d); err != nil {
			return err
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%s\t%s\t%s\n", d.ID, d.Scheme, d.standing(), d.Done, d.Author, clock(d.Created), d.Title)
	}
	return t.Flush()
}

func clock(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }

// standing is the state with what belongs to it.
func (d *draft) standing() string {
	switch {
	case d.Due != nil:
		return fmt.Sprintf("%s as %d for %s", d.State, d.Published, d.Due.Local().Format(time.RFC3339))
	case d.State == "published":
		return fmt.Sprintf("published as %d", d.Published)
	}
	return d.State
}

// DraftShow shows a draft.
type DraftShow struct {
	Draft string `arg:"" help:"Id of the draft."`
	Cells bool   `help:"Print its cells as GeoJSON instead."`
	JSON  bool   `help:"Print the draft as JSON." name:"json"`
}

// Run prints a draft with its steps.
func (c *DraftShow) Run(e *Env) error {
	if c.Cells {
		raw, err := e.ask(http.MethodGet, draftPath(c.Draft)+"/cells", nil, "", nil, nil)
		if err != nil {
			return err
		}
		return e.line(raw)
	}
	var a answer
	raw, err := e.ask(http.MethodGet, draftPath(c.Draft), nil, "", nil, &a)
	if err != nil {
		return err
	}
	if c.JSON {
		return e.line(raw)
	}
	d := &a.Draft
	fmt.Fprintf(e.Stdout, "draft %s of scheme %s, on version %d: %s\nby %s, %s  %s\n", d.ID, d.Scheme, d.Version, d.standing(), d.Author, clock(d.Created), d.Title)
	if d.Reason != "" {
		fmt.Fprintf(e.Stdout, "the last publication failed: %s\n", d.Reason)
	}
	for after := 0; ; {
		var list struct {
			Steps []struct {
				Number int    `json:"number"`
				Op     string `json:"op"`
				By     string `json:"by"`
				Code   string `json:"code"`
				Codes  []string
				Undone bool `json:"undone"`
			} `json:"steps"`
		}
		if _, err := e.ask(http.MethodGet, draftPath(c.Draft)+"/steps", url.Values{"limit": {"1000"}, "after": {strconv.Itoa(after)}}, "", nil, &list); err != nil {
			return err
		}
		for _, s := range list.Steps {
			note := ""
			if s.Undone {
				note = "  (undone)"
			}
			fmt.Fprintf(e.Stdout, "%4d  %s %s  %s%s\n", s.Number, s.Op, cmp.Or(s.Code, strings.Join(s.Codes, " ")), s.By, note)
			after = s.Number
		}
		if len(list.Steps) < 1000 {
			return nil
		}
	}
}

// DraftEdit does operations.
type DraftEdit struct {
	Draft string `arg:"" help:"Id of the draft."`
	Op    string `arg:"" optional:"" help:"The operation as JSON, such as '{\"op\":\"merge\",\"codes\":[\"1\",\"2\"]}'; see docs/manual/planning.md."`
	File  string `help:"File of operations, one JSON a line; - is standard input. The first that is refused ends it." placeholder:"FILE"`
	JSON  bool   `help:"Print each answer as JSON, one a line." name:"json"`
	Quiet bool   `help:"No progress bar." short:"q"`
}

// Validate is called by the parser of the command line.
func (c *DraftEdit) Validate() error {
	if (c.Op == "") == (c.File == "") {
		return errors.New("give an operation, or --file with several")
	}
	return nil
}

// Run prints what each operation changed, and the defects that there are then. It fails when the last leaves any.
func (c *DraftEdit) Run(e *Env) error {
	in, total := io.Reader(strings.NewReader(c.Op)), int64(len(c.Op))
	if c.File == "-" {
		in, total = e.Stdin, -1
	} else if c.File != "" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
		if info, err := f.Stat(); err == nil {
			total = info.Size()
		}
	}
	progress, end := func(int64) {}, func() {}
	if c.File != "" && !c.Quiet {
		progress, end = e.Progress("edit", total)
	}
	defer end()
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 64<<20)
	read, n, defects := int64(0), 0, 0
	for lines.Scan() {
		read += int64(len(lines.Bytes())) + 1
		n++
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var a answer
		raw, err := e.ask(http.MethodPost, draftPath(c.Draft)+"/steps", nil, "application/json", bytes.NewReader(bytes.Clone(lines.Bytes())), &a)
		if err != nil {
			if c.File != "" {
				return fmt.Errorf("line %d: %w", n, err)
			}
			return err
		}
		progress(read)
		if defects, err = e.tell(&a, raw, c.JSON); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	if defects > 0 {
		return e.Failed
	}
	return nil
}

// tell prints what a step changed and the defects that there are.
func (e *Env) tell(a *answer, raw []byte, asJSON bool) (defects int, err error) {
	defects = len(a.Defects.Features)
	if asJSON {
		return defects, e.line(raw)
	}
	if c := a.Changed; c != nil {
		var words []string
		for _, list := range []struct {
			what  string
			codes []string
		}{{"created", c.Created}, {"changed", c.Altered}, {"ended", c.Ended}} {
			if len(list.codes) > 0 {
				words = append(words, list.what+" "+some(list.codes))
			}
		}
		fmt.Fprintf(e.Stdout, "step %d of %s: %s\n", a.Draft.Done, a.Draft.ID, strings.Join(words, "; "))
	}
	for _, d := range a.Defects.Features {
		fmt.Fprintf(e.Stdout, "%s\n", d.Properties)
	}
	if defects > 0 {
		var words []string
		for kind, n := range a.Counts {
			words = append(words, fmt.Sprintf("%d %s", n, kind))
		}
		slices.Sort(words)
		fmt.Fprintf(e.Stdout, "the draft is no coverage of its ground: %s\n", strings.Join(words, ", "))
	}
	return defects, nil
}

func some(codes []string) string {
	if len(codes) > mostNames {
		return fmt.Sprintf("%s and %d more", strings.Join(codes[:mostNames], " "), len(codes)-mostNames)
	}
	return strings.Join(codes, " ")
}

// DraftImport replaces cells by polygons.
type DraftImport struct {
	Draft       string   `arg:"" help:"Id of the draft."`
	File        string   `arg:"" help:"GeoJSON file of the polygons; - is standard input."`
	Communities []string `help:"Replace the cells of these areas of the level above only." placeholder:"CODE,…"`
	Rule        string   `help:"Fix gaps and overlaps: longest_border, priority, or manual, as --give says alone." enum:",longest_border,priority,manual" default:"" placeholder:"RULE"`
	Order       []string `help:"Codes for --rule priority, the first wins." placeholder:"CODE,…"`
	Give        []string `help:"Who gets the ground of the defect at a place, as the refused import lists it; no code is nobody. Comes before any rule." sep:"none" placeholder:"LON,LAT=CODE"`
	FixRings    bool     `help:"Repair invalid rings."`
	Code        string   `help:"Property that holds codes. Default: code, else the id." placeholder:"NAME"`
	Community   string   `help:"Property that holds the area of the level above. Default: community." placeholder:"NAME"`
	JSON        bool     `help:"Print the answer as JSON." name:"json"`
	Quiet       bool     `help:"No progress bar." short:"q"`
}

// choices are what is given by hand, as the city takes it.
func (c *DraftImport) choices() (string, error) {
	type choice struct {
		At   [2]float64 `json:"at"`
		Code string     `json:"code"`
	}
	var list []choice
	for _, text := range c.Give {
		at, code, ok := strings.Cut(text, "=")
		lon, lat, both := strings.Cut(at, ",")
		x, err := strconv.ParseFloat(strings.TrimSpace(lon), 64)
		y, err2 := strconv.ParseFloat(strings.TrimSpace(lat), 64)
		if !ok || !both || err != nil || err2 != nil {
			return "", fmt.Errorf("--give %q: must be LON,LAT=CODE, such as 121.5345657,25.0411255=A1", text)
		}
		list = append(list, choice{[2]float64{x, y}, code})
	}
	if list == nil {
		return "", nil
	}
	text, err := json.Marshal(list)
	return string(text), err
}

// Run prints what changed.
func (c *DraftImport) Run(e *Env) error {
	choices, err := c.choices()
	if err != nil {
		return err
	}
	in, total := e.Stdin, int64(-1)
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
		if info, err := f.Stat(); err == nil {
			total = info.Size()
		}
	}
	query := url.Values{}
	for name, v := range map[string]string{
		"communities": strings.Join(c.Communities, ","), "rule": c.Rule, "order": strings.Join(c.Order, ","), "code": c.Code, "community": c.Community, "choices": choices,
	} {
		if v != "" {
			query.Set(name, v)
		}
	}
	if c.FixRings {
		query.Set("fix_rings", "true")
	}
	progress, end, name := func(int64) {}, func() {}, ""
	if !c.Quiet {
		progress, end = e.Progress("send "+c.File, total)
		name = "import " + c.File
	}
	var once sync.Once // one bar follows the other
	defer once.Do(end)
	var a answer
	raw, err := e.long(name, http.MethodPost, draftPath(c.Draft)+"/import", query, "application/geo+json", &counted{Reader: in, set: progress, end: func() { once.Do(end) }}, &a)
	if err != nil {
		return err
	}
	defects, err := e.tell(&a, raw, c.JSON)
	if err == nil && defects > 0 {
		err = e.Failed
	}
	return err
}
