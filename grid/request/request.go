package request

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gewu-city/gewu/data"
)

// State is how far a request has come.
type State string

// The states. Nothing follows Refused, Done and Withdrawn.
const (
	Reported  State = "reported"
	Surveyed  State = "surveyed"
	Accepted  State = "accepted"
	Refused   State = "refused"
	Drafted   State = "draft"
	Done      State = "done"
	Withdrawn State = "withdrawn"
)

// States are all states, in the order in which they are reached.
func States() []State {
	return []State{Reported, Surveyed, Accepted, Refused, Drafted, Done, Withdrawn}
}

// Sign says who did something, and when.
type Sign struct {
	By string    `json:"by"`
	At time.Time `json:"at"`
}

// Spoken is the opinion of a department, and who gave it.
type Spoken struct {
	Opinion
	Sign
}

// Request is a request as its events make it. It is immutable.
type Request struct {
	ID    string
	State State
	Report
	// Reported is who reported, and when.
	Reported Sign
	// Survey is nil until there was one; Surveyor is who made it.
	Survey   *Survey
	Surveyor Sign
	Opinions []Spoken
	// Decided is when the last department spoke, zero before.
	Decided time.Time
	// Draft is the id of the draft that was begun last, Planner who began it.
	Draft   string
	Planner Sign
	// Withdrawal is nil for what was not withdrawn; Why are the words that came with it.
	Withdrawal *Sign
	Why        string
	// Events is the number of events.
	Events int
	seq    data.Seq
}

// Reason names why an event cannot follow.
type Reason string

// The reasons.
const (
	NotReported    Reason = "not_reported"
	IsReported     Reason = "is_reported"
	IsSurveyed     Reason = "is_surveyed"
	NotSurveyed    Reason = "not_surveyed"
	NoDepartments  Reason = "no_departments"
	NotNamed       Reason = "not_named"
	HasSpoken      Reason = "has_spoken"
	SpokeElsewhere Reason = "spoke_elsewhere"
	OwnRequest     Reason = "own_request"
	IsDecided      Reason = "is_decided"
	NotAccepted    Reason = "not_accepted"
	HasDraft       Reason = "has_draft"
	IsWithdrawn    Reason = "is_withdrawn"
)

// Title is the reason in Chinese and English.
func (r Reason) Title() map[string]string {
	t := titles[r]
	return map[string]string{"zh": t[0], "en": t[1]}
}

var titles = map[Reason][2]string{
	NotReported:    {"尚未上报", "nothing was reported yet"},
	IsReported:     {"已经上报", "it is reported already"},
	IsSurveyed:     {"已经勘查", "it is surveyed already"},
	NotSurveyed:    {"尚未勘查", "it is not surveyed yet"},
	NoDepartments:  {"未指定会商部门", "no departments are named"},
	NotNamed:       {"不是会商部门", "the department does not decide about it"},
	HasSpoken:      {"该部门已表态", "the department has spoken"},
	SpokeElsewhere: {"已代表其他部门表态", "the person has spoken for another department"},
	OwnRequest:     {"上报人不得表态", "who reported does not decide"},
	IsDecided:      {"已经决定", "it is decided"},
	NotAccepted:    {"未获同意", "it is not accepted"},
	HasDraft:       {"已有草案", "it has a draft"},
	IsWithdrawn:    {"已经撤回", "it is withdrawn"},
}

// RefusalError says why an event cannot follow what has happened.
type RefusalError struct {
	Reason Reason
	// Field and Value are what in the event stands in the way, Why is the sentence.
	Field, Value, Why string
}

// Error is the sentence, with the reason.
func (e *RefusalError) Error() string { return fmt.Sprintf("%s: %s", e.Reason, e.Why) }

func refuse(r Reason, field, value, why string, args ...any) error {
	return &RefusalError{r, field, value, fmt.Sprintf(why, args...)}
}

// Waiting are the departments that have not spoken, in their order.
func (q *Request) Waiting() []string {
	if q.Survey == nil {
		return nil
	}
	var out []string
	for _, d := range q.Survey.Departments {
		if !slices.ContainsFunc(q.Opinions, func(o Spoken) bool { return o.Department == d }) {
			out = append(out, d)
		}
	}
	return out
}

// Concerns are the cells that the request is about: those of the survey, where it names some.
func (q *Request) Concerns() []string {
	if q.Survey != nil && len(q.Survey.Cells) > 0 {
		return q.Survey.Cells
	}
	return q.Cells
}

// Open reports whether nobody has decided about the request.
func (q *Request) Open() bool { return q.State == Reported || q.State == Surveyed }

// Seq is the entry of the newest event, 0 for a request that is in no log.
func (q *Request) Seq() data.Seq { return q.seq }

// After is the request after one more event; q is nil before the first. The error is a *data.FieldError for an event that is
// wrong by itself and a *[RefusalError] for one that cannot follow; q is never changed.
func (q *Request) After(e *Event) (*Request, error) {
	if err := e.Check(); err != nil {
		return nil, err
	}
	if err := q.refusal(e); err != nil {
		return nil, err
	}
	sign := Sign{e.By, e.At}
	if q == nil {
		return &Request{State: Reported, Report: *e.Report, Reported: sign, Events: 1}, nil
	}
	next := *q
	next.Events++
	switch e.Kind {
	case KindSurvey:
		next.State, next.Survey, next.Surveyor = Surveyed, e.Survey, sign
	case KindOpinion:
		next.Opinions = append(slices.Clip(q.Opinions), Spoken{*e.Opinion, sign})
		if len(next.Waiting()) == 0 {
			next.State, next.Decided = next.outcome(), e.At
		}
	case KindDraft:
		next.State, next.Draft, next.Planner = Drafted, e.Draft, sign
	case KindWithdraw:
		next.State, next.Withdrawal, next.Why = Withdrawn, &sign, e.Words
	case KindReport: // refused before
	}
	return &next, nil
}

// outcome is what the opinions of all departments amount to.
func (q *Request) outcome() State {
	agree := 0
	for _, o := range q.Opinions {
		if o.Agree {
			agree++
		}
	}
	least := len(q.Opinions)
	if q.Survey.Rule == Majority {
		least = len(q.Opinions)/2 + 1
	}
	if agree >= least {
		return Accepted
	}
	return Refused
}

// refusal is why an event cannot follow, nil when it can.
func (q *Request) refusal(e *Event) error {
	switch {
	case q == nil && e.Kind == KindReport:
		return nil
	case q == nil:
		return refuse(NotReported, "event", string(e.Kind), "nothing was reported yet")
	case e.Kind == KindReport:
		return refuse(IsReported, "event", string(e.Kind), "it is reported already")
	case q.State == Withdrawn:
		return refuse(IsWithdrawn, "request", q.ID, "was withdrawn")
	}
	switch e.Kind {
	case KindSurvey:
		return q.refuseSurvey(e)
	case KindOpinion:
		return q.refuseOpinion(e)
	case KindDraft:
		return q.refuseDraft(e)
	case KindWithdraw:
		if !q.Open() {
			return refuse(IsDecided, "request", q.ID, "is decided; only what is not can be withdrawn")
		}
	case KindReport:
	}
	return nil
}

func (q *Request) refuseSurvey(e *Event) error {
	switch {
	case q.State == Surveyed:
		return refuse(IsSurveyed, "request", q.ID, "was surveyed by %s", q.Surveyor.By)
	case q.State != Reported:
		return refuse(IsDecided, "request", q.ID, "is decided")
	case len(e.Survey.Departments) == 0:
		return refuse(NoDepartments, "departments", "", "the profile of the city names no departments that decide about requests ([requests] departments in profile.toml)")
	}
	return nil
}

func (q *Request) refuseOpinion(e *Event) error {
	switch {
	case q.State == Reported:
		return refuse(NotSurveyed, "request", q.ID, "must be surveyed before departments decide about it")
	case q.State != Surveyed:
		return refuse(IsDecided, "request", q.ID, "is decided: all departments have spoken")
	case !slices.Contains(q.Survey.Departments, e.Opinion.Department):
		return refuse(NotNamed, "department", e.Opinion.Department, "does not decide about this request; %s do", strings.Join(q.Survey.Departments, ", "))
	case e.By == q.Reported.By:
		return refuse(OwnRequest, "by", e.By, "has reported it, and speaks for no department that decides about it")
	}
	for _, o := range q.Opinions {
		switch {
		case o.Department == e.Opinion.Department:
			return refuse(HasSpoken, "department", o.Department, "has spoken, on %s", o.At.Format(time.DateOnly))
		case o.By == e.By:
			return refuse(SpokeElsewhere, "by", e.By, "has spoken for %s; each department has somebody else speak for it", o.Department)
		}
	}
	return nil
}

func (q *Request) refuseDraft(e *Event) error {
	switch {
	case q.State == Drafted && e.Instead == q.Draft && e.Draft != q.Draft:
		return nil
	case q.State == Drafted:
		return refuse(HasDraft, "request", q.ID, "has the draft %s", q.Draft)
	case q.State != Accepted || e.Instead != "":
		return refuse(NotAccepted, "request", q.ID, "is %s; only what the departments accept becomes a draft", q.State)
	}
	return nil
}

// Fold is the request that its events make, in their order. It fails at the first that cannot follow.
func Fold(id string, events []*Event) (*Request, error) {
	var q *Request
	for i, e := range events {
		next, err := q.After(e)
		if err != nil {
			return nil, fmt.Errorf("event %d of request %s: %w", i+1, id, err)
		}
		next.ID, q = id, next
	}
	if q == nil {
		return nil, fmt.Errorf("request %s has no events", id)
	}
	return q, nil
}
