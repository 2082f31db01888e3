package exchange

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/data"
)

// Kind is what a message says.
type Kind string

// The kinds of messages. Hand begins a case on the other side, Return asks for it to be done again; the first platform of a case
// sends Hand, Return, Press and Close, the one that handles it Progress, Result and Refuse; both may send Attach.
const (
	// Ping asks whether messages arrive.
	Ping Kind = "ping"
	// Hand hands a case over (交办、上报).
	Hand Kind = "hand"
	// Progress says how far it is (受理、派遣、签收), Result what was done (处置反馈), Refuse that it is not theirs (退回).
	Progress Kind = "progress"
	Result   Kind = "result"
	Refuse   Kind = "refuse"
	// Return gives a result back (返工), Press urges (督办), Close is the last word (结案).
	Return Kind = "return"
	Press  Kind = "press"
	Close  Kind = "close"
	// Attach brings words and files (补充材料).
	Attach Kind = "attach"
)

// Kinds are all kinds of messages about cases.
func Kinds() []Kind { return []Kind{Hand, Progress, Result, Refuse, Return, Press, Close, Attach} }

// Version is the version of messages that this package writes and reads.
const Version = 1

// Bounds of a message.
const (
	// MaxBytes is the length of a message with its files, MaxFileBytes what its files have together.
	MaxBytes     = 14 << 20
	MaxFileBytes = 10 << 20
	MaxFiles     = cases.MaxFiles
	MaxNumber    = 200 // characters of the number of a case
	// MaxTrail is through how many platforms a case may come.
	MaxTrail = 8
)

// Message is what one platform tells another about a case.
type Message struct {
	Version int  `json:"version"`
	Kind    Kind `json:"kind"`
	// Case is the number of the case with the sender, Yours with whoever gets the message, if the sender knows it.
	Case  string `json:"case,omitempty"`
	Yours string `json:"yours,omitempty"`
	// Number counts the messages of the sender about the case upwards, not without gaps; After is the number of the one before,
	// 0 for the first.
	Number int       `json:"number,omitempty"`
	After  int       `json:"after,omitempty"`
	At     time.Time `json:"at,omitzero"`
	// Action and State are what was done and where the case stands with the sender, for people.
	Action data.Title `json:"action,omitempty"`
	State  data.Title `json:"state,omitempty"`
	// Text is the reason or the note.
	Text string `json:"text,omitempty"`

	// What follows is of a case that is handed over. Trail are the platforms that it came through.
	Source      string          `json:"source,omitempty"`
	Description string          `json:"description,omitempty"`
	Address     string          `json:"address,omitempty"`
	Point       *cases.Position `json:"point,omitempty"`
	Class       *cases.Class    `json:"class,omitempty"`
	Due         time.Time       `json:"due,omitzero"`
	Private     bool            `json:"private,omitempty"`
	Trail       []string        `json:"trail,omitempty"`

	Quantity []cases.Quantity `json:"quantity,omitempty"`
	Files    []File           `json:"files,omitempty"`
}

// File is a picture or a sound: its content, or where it lies.
type File struct {
	// Field is before, after or voice.
	Field string `json:"field"`
	// SHA256 is that of the content with the sender, in hexadecimal.
	SHA256  string    `json:"sha256,omitempty"`
	Type    string    `json:"type,omitempty"`
	Taken   time.Time `json:"taken,omitzero"`
	Note    string    `json:"note,omitempty"`
	Content []byte    `json:"content,omitempty"`
	URL     string    `json:"url,omitempty"`
}

// Ack is the answer to a message that was taken: it is in the log.
type Ack struct {
	// Case is the number of the case with whoever got the message, Event what became of it there, Seq its place in the log.
	Case  string   `json:"case,omitempty"`
	Event int      `json:"event,omitempty"`
	Seq   data.Seq `json:"seq,omitempty"`
	// State is where the case stood then.
	State string `json:"state,omitempty"`
	// May are the kinds of messages that are taken: the answer to a ping.
	May []Kind `json:"may,omitempty"`
}

// Sum recognises what a message says when it comes again: everything but what the sender may have learned meanwhile.
func (m *Message) Sum() string {
	one := *m
	one.Yours, one.Action, one.State = "", nil, nil
	b, _ := json.Marshal(&one) //nolint:errchkjson // plain data, numbers are finite: Check has run
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// Check reports what is wrong with a message, as a *data.FieldError.
func (m *Message) Check() error {
	wrong := func(field, value, why string) error { return &data.FieldError{Field: field, Value: value, Why: why} }
	long := func(s string, most int) bool { return utf8.RuneCountInString(s) > most || !utf8.ValidString(s) }
	switch {
	case m.Version != Version:
		return wrong("version", strconv.Itoa(m.Version), fmt.Sprintf("must be %d", Version))
	case m.Kind == Ping:
		return nil
	case !slices.Contains(Kinds(), m.Kind):
		return wrong("kind", string(m.Kind), fmt.Sprintf("must be ping or one of %v", Kinds()))
	case m.Case == "" || long(m.Case, MaxNumber):
		return wrong("case", m.Case, fmt.Sprintf("must be the number of the case with the sender, of 1 to %d characters", MaxNumber))
	case long(m.Yours, MaxNumber):
		return wrong("yours", m.Yours, fmt.Sprintf("must have at most %d characters", MaxNumber))
	case m.Number < 1:
		return wrong("number", strconv.Itoa(m.Number), "must be 1 or more: the place of the message among those about the case")
	case m.After < 0 || m.After >= m.Number:
		return wrong("after", strconv.Itoa(m.After), "must be the number of the message before, which is smaller than number, or 0 for the first")
	case m.Kind == Hand && m.After != 0:
		return wrong("after", strconv.Itoa(m.After), "must be 0 where a case is handed over: it is the first message about it")
	case long(m.Text, cases.MaxText):
		return wrong("text", "", fmt.Sprintf("must be valid text of at most %d characters", cases.MaxText))
	case long(m.Description, cases.MaxDescription):
		return wrong("description", "", fmt.Sprintf("must be valid text of at most %d characters", cases.MaxDescription))
	case m.Kind == Hand && m.Description == "":
		return wrong("description", "", "is missing: what the matter is, in words")
	case long(m.Address, cases.MaxText):
		return wrong("address", "", fmt.Sprintf("must be valid text of at most %d characters", cases.MaxText))
	case m.Class != nil && (m.Class.Code == "" || long(m.Class.Edition+m.Class.Kind+m.Class.Code+m.Class.Row, MaxNumber)):
		return wrong("class", "", "must have a code, and be short")
	case len(m.Trail) > MaxTrail:
		return wrong("trail", strconv.Itoa(len(m.Trail)), fmt.Sprintf("has more than %d platforms: the case goes round", MaxTrail))
	case slices.ContainsFunc(m.Trail, func(s string) bool { return s == "" || long(s, MaxNumber) }):
		return wrong("trail", "", "must have names of platforms")
	case len(m.Quantity) > MaxFiles:
		return wrong("quantity", strconv.Itoa(len(m.Quantity)), fmt.Sprintf("are more than %d", MaxFiles))
	case len(m.Files) > MaxFiles:
		return wrong("files", strconv.Itoa(len(m.Files)), fmt.Sprintf("are more than %d", MaxFiles))
	}
	if p := m.Point; p != nil && (!(math.Abs(p.Lon) <= 180) || !(math.Abs(p.Lat) <= 90) || p.CRS != "") {
		return wrong("point", fmt.Sprintf("%g %g", p.Lon, p.Lat), "must be a longitude and a latitude of WGS 84, in degrees")
	}
	return m.checkFiles(wrong)
}

func (m *Message) checkFiles(wrong func(field, value, why string) error) error {
	bytes := 0
	for i := range m.Files {
		f := &m.Files[i]
		name := fmt.Sprintf("files.%d.", i)
		sum := sha256.Sum256(f.Content)
		switch {
		case f.Field != "before" && f.Field != "after" && f.Field != "voice":
			return wrong(name+"field", f.Field, "must be before, after or voice")
		case len(f.Content) == 0 && f.URL == "":
			return wrong(name+"content", "", "is missing: a file has content or a url")
		case len(f.URL) > cases.MaxText/4 || len(f.Note) > cases.MaxText:
			return wrong(name+"url", "", "is too long")
		case f.SHA256 != "" && len(f.Content) > 0 && f.SHA256 != hex.EncodeToString(sum[:]):
			return wrong(name+"sha256", f.SHA256, "is not that of the content: it was changed on its way")
		}
		if bytes += len(f.Content); bytes > MaxFileBytes {
			return wrong(name+"content", strconv.Itoa(bytes), fmt.Sprintf("makes the files larger than %d bytes", MaxFileBytes))
		}
	}
	return nil
}
