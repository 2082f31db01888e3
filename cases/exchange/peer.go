package exchange

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/data"
)

// Peer is another platform with which cases are exchanged.
type Peer struct {
	// ID is how it is called here: in addresses and in the log.
	ID    string     `json:"id"`
	Title data.Title `json:"title"`
	// URL is where its messages go: its address with the name by which it knows us.
	URL string `json:"url"`
	// Secrets sign what is sent, each of them, and one of them must sign what comes. There are two while one is changed for the other.
	Secrets [][]byte `json:"secrets"`
	// Local allows addresses of this machine and of private networks.
	Local bool `json:"local,omitempty"`
	// May are the kinds of messages that it may send.
	May []Kind `json:"may"`
	// Organisation is the one that it stands for here, Post the post by which it acts where a step names none.
	Organisation string `json:"organisation"`
	Post         string `json:"post"`
	// Source is the source of its cases that name none.
	Source string `json:"source"`
	// Begin is the action by which a case of theirs begins.
	Begin Step `json:"begin"`
	// Hand are the actions by which a case is handed over to them, when they give it to the organisation.
	Hand []string `json:"hand"`
	// Theirs is about cases that came from there, Ours about those that were handed over to them.
	Theirs Table `json:"theirs"`
	Ours   Table `json:"ours"`
}

// Table says what is told, and what the messages of the other side mean.
type Table struct {
	// Send is what is told of an action; of others nothing.
	Send map[string]Kind `json:"send"`
	// Receive are the steps that a message may mean, the first one that may be taken now.
	Receive map[Kind][]Step `json:"receive"`
}

// Step is an action by a post: "reopen by duty-chief".
type Step string

// Cut is the action and the post, which is that of the peer where the step names none.
func (s Step) Cut(post string) (action, by string) {
	action, by, ok := strings.Cut(string(s), " by ")
	if !ok || by == "" {
		return strings.TrimSpace(action), post
	}
	return strings.TrimSpace(action), strings.TrimSpace(by)
}

// Standard is a peer with what the base process makes of messages. The other members are set by whoever knows it.
func Standard() Peer {
	remark := []Step{"annotate by operator"}
	return Peer{
		May: Kinds(), Post: "operator", Source: "platform", Begin: "report by operator", Hand: []string{"dispatch", "hand-city"},
		Theirs: Table{
			Send: map[string]Kind{
				"accept": Progress, "register": Progress, "dispatch": Progress, "take": Progress, "feedback": Progress,
				"close": Result, "reject": Refuse, "void": Refuse,
			},
			Receive: map[Kind][]Step{
				Return: {"reopen by duty-chief", "rework by dispatcher", "rework by duty-chief"},
				Press:  {"press by duty-chief", "annotate by operator"},
				Close:  {"close by duty-chief", "annotate by operator"},
				Attach: remark, Progress: remark,
			},
		},
		Ours: Table{
			Send: map[string]Kind{"press": Press, "rework": Return, "inspect-fail": Return, "close": Close, "void": Close},
			Receive: map[Kind][]Step{
				Progress: {"take by handler", "annotate by handler", "annotate by operator"},
				Result:   {"feedback by handler"},
				Refuse:   {"refuse by handler"},
				Attach:   {"annotate by handler", "annotate by operator"},
			},
		},
	}
}

var (
	idPattern     = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
	actionPattern = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}( by [a-z][a-z0-9-]{0,62})?$`)
	sourcePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)
)

// MinSecret and MaxSecret are the lengths of a secret in bytes.
const (
	MinSecret = 24
	MaxSecret = 64
)

// Check reports what is wrong with a peer, as a *data.FieldError without any secret.
func (p *Peer) Check() error {
	wrong := func(field, value, why string) error { return &data.FieldError{Field: field, Value: value, Why: why} }
	at, err := url.Parse(p.URL)
	switch {
	case !idPattern.MatchString(p.ID):
		return wrong("id", p.ID, "must be 1 to 32 of a-z, 0-9 and -, beginning with a letter")
	case p.Title["zh"] == "" && p.Title["en"] == "":
		return wrong("title", "", "is missing: how people call the platform, such as {\"zh\":\"市平台\",\"en\":\"City platform\"}")
	case err != nil || at.Host == "" || at.User != nil || at.RawQuery != "" || at.Fragment != "" || at.Scheme != "https" && at.Scheme != "http":
		return wrong("url", p.URL, "must be the address to which messages go, such as https://city.example/v1/exchange/NAME")
	case at.Scheme == "http" && !p.Local:
		return wrong("url", p.URL, "must begin with https://: messages have what cases say; http:// is for networks of the city's own, with local")
	case len(p.Secrets) == 0 || len(p.Secrets) > 2:
		return wrong("secrets", "", "must be one, or two while one is changed for the other")
	case slices.ContainsFunc(p.Secrets, func(s []byte) bool { return len(s) < MinSecret || len(s) > MaxSecret }):
		return wrong("secret", "", fmt.Sprintf("must have %d to %d bytes", MinSecret, MaxSecret))
	case p.Organisation == "":
		return wrong("organisation", "", "is missing: the organisation of the directory that the platform stands for")
	case p.Post == "":
		return wrong("post", "", "is missing: the post by which the platform acts")
	case !sourcePattern.MatchString(p.Source):
		return wrong("source", p.Source, "must be 1 to 32 of a-z, 0-9, - and _")
	case !actionPattern.MatchString(string(p.Begin)):
		return wrong("begin", string(p.Begin), `must be an action, or an action by a post as "report by operator"`)
	case len(p.Hand) > 20:
		return wrong("hand", "", "are more than 20 actions")
	}
	for _, k := range p.May {
		if !slices.Contains(Kinds(), k) {
			return wrong("may", string(k), fmt.Sprintf("must be of %v", Kinds()))
		}
	}
	for name, t := range map[string]*Table{"theirs": &p.Theirs, "ours": &p.Ours} {
		for action, k := range t.Send {
			if !slices.Contains(Kinds(), k) || k == Hand {
				return wrong(name+".send."+action, string(k), fmt.Sprintf("must be of %v", Kinds()[1:]))
			}
		}
		for k, steps := range t.Receive {
			if !slices.Contains(Kinds(), k) || k == Hand {
				return wrong(name+".receive."+string(k), "", fmt.Sprintf("is no kind; there are %v", Kinds()[1:]))
			}
			if i := slices.IndexFunc(steps, func(s Step) bool { return !actionPattern.MatchString(string(s)) }); i >= 0 {
				return wrong(name+".receive."+string(k), string(steps[i]), `must be an action, or an action by a post as "reopen by duty-chief"`)
			}
		}
	}
	return nil
}

// hands reports whether an event hands its case over to the peer.
func (p *Peer) hands(e *cases.Event) bool {
	return slices.Contains(p.Hand, e.Action) && e.Form.Unit == p.Organisation && !p.sent(e)
}

// sent reports whether an event came from the peer.
func (p *Peer) sent(e *cases.Event) bool { return e.Via != nil && e.Via.Peer == p.ID }

// Told is what a peer is told of the last of the events of a case, which are all up to it; false for nothing. What came from the
// peer is not told to it, and a case is not handed back to where it came from.
func (p *Peer) Told(events []*cases.Event) (Kind, bool) {
	if len(events) == 0 {
		return "", false
	}
	last := events[len(events)-1]
	if p.sent(last) || last.Quiet() {
		return "", false
	}
	if p.sent(events[0]) {
		k, ok := p.Theirs.Send[last.Action]
		return k, ok
	}
	had, has := false, false // the case was with them, and is
	for i, e := range events {
		switch {
		case p.hands(e):
			if i == len(events)-1 {
				if had {
					return Return, true
				}
				return Hand, true
			}
			had, has = true, true
		case p.sent(e) && Kind(e.Via.Kind) == Refuse:
			has = false
		case e.Form.Unit != "" && e.Form.Unit != p.Organisation && e.Unit == "set":
			has = false
		}
	}
	k, ok := p.Ours.Send[last.Action]
	return k, ok && has
}

// Steps are what a message of the peer may mean for a case, the one to try first before the others.
func (p *Peer) Steps(c *cases.Case, k Kind) []Step {
	if c.Peers[p.ID].Theirs {
		return p.Theirs.Receive[k]
	}
	return p.Ours.Receive[k]
}
