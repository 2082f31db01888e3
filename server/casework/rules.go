package casework

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/cases/route"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/casework/sheet"
	"github.com/gewu-city/gewu/server/casework/texts"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// ruleShown is a rule of routing.
type ruleShown struct {
	ID           string           `json:"id"`
	Reason       data.Title       `json:"reason,omitempty"`
	Classes      []string         `json:"classes,omitempty"`
	Editions     []string         `json:"editions,omitempty"`
	Kinds        []string         `json:"kinds,omitempty"`
	Sources      []string         `json:"sources,omitempty"`
	Areas        []people.AreaKey `json:"areas,omitempty"`
	Cells        []people.CellRef `json:"cells,omitempty"`
	Layers       []string         `json:"layers,omitempty"`
	Owners       []string         `json:"owners,omitempty"`
	Levels       []string         `json:"levels,omitempty"`
	Working      *bool            `json:"working,omitempty"`
	Organisation string           `json:"organisation,omitempty"`
	Owner        bool             `json:"owner,omitempty"`
	Role         people.Role      `json:"role,omitempty"`
	Post         string           `json:"post,omitempty"`
	Limit        string           `json:"limit,omitempty"`
	Priority     int              `json:"priority,omitempty"`
	Automatic    bool             `json:"automatic,omitempty"`
	// Off says why the rule is switched off, and since when.
	Off *off `json:"off,omitempty"`
}

type off struct {
	Why data.Title `json:"why"`
	At  time.Time  `json:"at"`
}

// rulesShown are the rules in their order, with what gets what they do not fit.
type rulesShown struct {
	Rules    []ruleShown `json:"rules"`
	Fallback struct {
		Levels       []string `json:"levels"`
		Organisation string   `json:"organisation"`
	} `json:"fallback"`
	Disputed struct {
		Organisation string `json:"organisation"`
		Post         string `json:"post,omitempty"`
	} `json:"disputed"`
	Seq data.Seq `json:"seq,omitempty"`
}

func showRules(rules *route.Rules, disabled []route.Disabled) rulesShown {
	out := rulesShown{Rules: sheet.Each(rules.Rules, func(r *route.Rule) ruleShown {
		one := ruleShown{
			ID: r.ID, Reason: r.Reason, Classes: r.Classes, Editions: r.Editions, Kinds: r.Kinds, Sources: r.Sources, Areas: r.Areas, Cells: r.Cells,
			Layers: r.Layers, Owners: r.Owners, Levels: r.Levels, Working: r.Working, Organisation: r.Organisation, Owner: r.Owner, Role: r.Role,
			Post: r.Post, Limit: r.Limit, Priority: r.Priority, Automatic: r.Automatic,
		}
		if i := slices.IndexFunc(disabled, func(d route.Disabled) bool { return d.Rule == r.ID }); i >= 0 {
			one.Off = &off{disabled[i].Why, disabled[i].At}
		}
		return one
	})}
	out.Fallback.Levels, out.Fallback.Organisation = list(rules.Levels), rules.Last
	out.Disputed.Organisation, out.Disputed.Post = rules.Ruling, rules.RulingPost
	return out
}

// rules are those in force.
func (a *API) rules() (*route.Rules, *route.Router, string, error) {
	if err := a.ready(); err != nil {
		return nil, nil, "", err
	}
	if a.cfg.Kept == nil {
		return nil, nil, "", rest.Refuse(rest.NotImplemented, "this server shows no rules")
	}
	rules, text := a.cfg.Kept.Rules()
	router := a.cfg.Kept.Router()
	if rules == nil || router == nil {
		return nil, nil, "", rest.Refuse(rest.NotFound, "there are no rules of routing yet; PUT /v1/routes/rules brings some")
	}
	return rules, router, text, nil
}

// Rules shows the rules of routing with what is switched off, as TOML to who wants that: GET /v1/routes/rules.
func (a *API) Rules(w http.ResponseWriter, r *http.Request) error {
	rules, router, text, err := a.rules()
	if err != nil {
		return err
	}
	if err := rest.ParseParams(r).Done(""); err != nil {
		return err
	}
	w.Header().Set("Vary", "Accept")
	if kind := texts.Wanted(r); kind != "" {
		return rest.WriteBody(w, r, http.StatusOK, kind, []byte(text))
	}
	return rest.WriteJSON(w, r, http.StatusOK, showRules(rules, router.Disabled()))
}

// PutRules puts new rules of routing in the place of those in force, all of them switched on: PUT /v1/routes/rules.
func (a *API) PutRules(w http.ResponseWriter, r *http.Request) error {
	text, err := a.text(w, r)
	if err != nil {
		return err
	}
	rules, v, err := a.cfg.Kept.DraftRules(text)
	if err != nil {
		return texts.Faults(err)
	}
	if err := a.served(rules); err != nil {
		return err
	}
	seq, err := a.keep(r, v)
	if err != nil {
		return city.BareChange(err)
	}
	city.SetSeq(w, seq)
	out := showRules(rules, nil)
	out.Seq = seq
	return rest.WriteJSON(w, r, http.StatusOK, out)
}

// served refuses rules that give cases to organisations that there are not: one that ends later is switched off when it is asked,
// but what is left over and disputed must go somewhere.
func (a *API) served(rules *route.Rules) error {
	now, d := a.Service.Now(), a.people()
	var wrong []error
	check := func(field, organisation string) {
		if organisation != "" && !d.Active(organisation, now) {
			wrong = append(wrong, &data.FieldError{Field: field, Value: organisation, Why: "is no organisation of the city, or has ended"})
		}
	}
	check("fallback.organisation", rules.Last)
	check("disputed.organisation", rules.Ruling)
	for i := range rules.Rules {
		check("rules."+rules.Rules[i].ID+".organisation", rules.Rules[i].Organisation)
	}
	if len(wrong) > 0 {
		return rest.Faults(rest.Invalid, "", errors.Join(wrong...))
	}
	return nil
}

// RulesAgain answers a request that has put rules and is sent again.
func (a *API) RulesAgain(w http.ResponseWriter, r *http.Request, seq data.Seq, _ []byte) error {
	rules, router, _, err := a.rules()
	if err != nil {
		return err
	}
	city.SetSeq(w, seq)
	out := showRules(rules, router.Disabled())
	out.Seq = seq
	return rest.WriteJSON(w, r, http.StatusOK, out)
}

// EnableRule switches a rule on that had failed: POST /v1/routes/rules/{rule}/enable.
func (a *API) EnableRule(w http.ResponseWriter, r *http.Request) error {
	rules, router, _, err := a.rules()
	if err != nil {
		return err
	}
	if err := errors.Join(rest.ParseParams(r).Done(""), rest.SkipBody(w, r)); err != nil {
		return err
	}
	id := mux.Vars(r)["rule"]
	i := slices.IndexFunc(rules.Rules, func(rule route.Rule) bool { return rule.ID == id })
	if i < 0 {
		return rest.Unknown("rule", id, sheet.Each(rules.Rules, func(rule *route.Rule) string { return rule.ID }))
	}
	was := router.Enable(id)
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Rule string `json:"rule"`
		Was  bool   `json:"was_off"`
	}{id, was})
}
