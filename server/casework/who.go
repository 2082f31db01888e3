package casework

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/people/account"
	"github.com/gewu-city/gewu/server/auth"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// as is by whom a request wants to act: one of the posts of whoever asks.
type as struct {
	Person       string `json:"person"`
	Organisation string `json:"organisation"`
	Post         string `json:"post"`
}

// caller is who asks, as cases know it.
type caller struct {
	// person is the staff id, empty for the public.
	person string
	// held are the posts that the person holds now, each once, in their order.
	held []cases.Actor
	// everything says that nothing is out of sight.
	everything bool
	// key recognises the caller, so that the keys of each are their own.
	key string
}

// caller finds out who asks. named is the person for whom somebody acts who is no certain person: the machine itself, the
// control socket or the token.
func (a *API) caller(r *http.Request, named string) (*caller, error) {
	who := auth.From(r.Context())
	c := &caller{key: who.Actor(), everything: city.RightsOf(r) == nil}
	switch {
	case city.As(r) != "":
		c.person = city.As(r)
	case who.Known() && !who.Limited(string(people.Cases)):
		c.person, c.key = who.Staff, "account:"+who.Account
	case !who.Known() && who.Everything():
		c.person = named
	}
	if named != "" && named != c.person {
		return nil, rest.Fault(rest.Forbidden, "as.person", named, "may be said on the machine itself only; you act for yourself").In("zh", "as.person 只能在本机指定：您以本人名义办理")
	}
	if c.person == "" {
		return c, nil
	}
	now, d := a.Service.Now(), a.people()
	if p, ok := d.Person(c.person); !ok || !p.Left.IsZero() && !now.Before(p.Left) {
		if named != "" {
			return nil, rest.Fault(rest.Invalid, "as.person", named, "is no person of the directory, or has left").In("zh", "as.person “"+rest.Shorten(named)+"”不在人员名册中，或已离职")
		}
		c.person = ""
		return c, nil
	}
	for _, h := range d.HoldingsAt(c.person, now) {
		actor := cases.Actor{Person: c.person, Organisation: h.Organisation, Post: h.Post}
		if !slices.Contains(c.held, actor) {
			c.held = append(c.held, actor)
		}
	}
	return c, nil
}

// posts are the posts by which somebody may act who narrows them down; that of the public for whoever is no person.
func (c *caller) posts(want *as) []cases.Actor {
	if c.person == "" {
		return []cases.Actor{{Post: people.PostPublic}}
	}
	return slices.DeleteFunc(slices.Clone(c.held), func(a cases.Actor) bool {
		return want.Post != "" && a.Post != want.Post || want.Organisation != "" && a.Organisation != want.Organisation
	})
}

// actor is the post by which somebody takes an action: the one that is named, or the only one that may take it. offers are
// what a post may do.
func (c *caller) actor(r *http.Request, want *as, action string, offers func(cases.Actor) []cases.Offer) (cases.Actor, error) {
	posts := c.posts(want)
	if c.person == "" && want.Post != "" && want.Post != people.PostPublic {
		return cases.Actor{}, stranger(r, want)
	}
	if len(posts) == 0 {
		return cases.Actor{}, rest.Fault(rest.Forbidden, "as", strings.Trim(want.Post+" "+want.Organisation, " "), "is no post that you hold now: GET /v1/cases/form lists those that you hold").In("zh", "您目前不任该岗位：GET /v1/cases/form 列出您现任的岗位")
	}
	if len(posts) == 1 {
		return posts[0], nil
	}
	var may, hears []cases.Actor
	for _, post := range posts {
		for _, o := range offers(post) {
			if o.Action != action {
				continue
			}
			hears = append(hears, post)
			if o.Refusal == nil {
				may = append(may, post)
			}
		}
	}
	switch {
	case len(may) == 1:
		return may[0], nil
	case len(may) > 1:
		names := make([]string, len(may))
		for i, a := range may {
			names[i] = fmt.Sprintf("%s in %s", a.Post, a.Organisation)
		}
		return cases.Actor{}, rest.Fault(rest.Invalid, "as", "", "must say by which of your posts: "+strings.Join(names, ", ")).In("zh", "as 须写明以哪个岗位办理："+strings.Join(names, "、"))
	case len(hears) > 0:
		return hears[0], nil
	}
	return posts[0], nil
}

// stranger is the answer to somebody who is no person of the city and wants to act by a post.
func stranger(r *http.Request, want *as) error {
	who := auth.From(r.Context())
	switch {
	case who.Way == account.Public:
		return rest.Refuse(rest.Unauthorized, "to act as %s log in, or send an API key: Authorization: Bearer …", rest.Shorten(want.Post)).In("zh", "以该岗位办理须先登录，或发送 API 密钥：Authorization: Bearer …").With("WWW-Authenticate", `Bearer realm="gewu"`)
	case who.Known():
		return rest.Fault(rest.Forbidden, "as.post", want.Post, "is no post that you hold: your account names no person of the directory, or the key leaves cases out").In("zh", "您不任该岗位：账号未对应名册中的人员，或密钥不含案件权限")
	}
	return rest.Fault(rest.Invalid, "as.person", "", "must say which person of the directory acts").In("zh", "as.person 须写明由名册中何人办理")
}

// offersOf are the actions of a case in its state for a post, with why not.
func (a *API) offersOf(t *process.Table, c *cases.Case, actor cases.Actor) []cases.Offer {
	now := a.Service.Now()
	return cases.Offers(t, c, actor, now, cases.Around{Directory: a.directory(now), Limits: a.limits()})
}
