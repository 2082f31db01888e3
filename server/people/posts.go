package people

import (
	"net/http"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/people"
	"github.com/gewu-city/gewu/server/city"
	"github.com/gewu-city/gewu/server/rest"
)

// post is a post as answers show it.
type post struct {
	*people.Post
	// Standard is set on a post that is there from the beginning and that no record replaces.
	Standard bool     `json:"standard"`
	Seq      data.Seq `json:"seq"`
}

func showPost(d *people.Directory, p *people.Post) post {
	seq := d.SeqOf(data.AdminPost, p.ID)
	return post{p, seq == 0, seq}
}

// ListPosts lists posts in the order of their ids: GET /v1/posts.
func (a *API) ListPosts(w http.ResponseWriter, r *http.Request) error {
	q := rest.ParseParams(r)
	search, cursor := q.Text("q"), q.Text("cursor")
	d, err := a.ask(r, q)
	if err != nil {
		return err
	}
	page, err := newPage[post](q, d.Asked, cursor)
	if err == nil {
		err = q.Done("")
	}
	if err != nil {
		return err
	}
	for _, p := range d.Posts() {
		if matchesTitle(search, p.ID, p.Title) {
			page.add(p.ID, func() post { return showPost(d.Directory, p) })
		}
	}
	d.Header(w)
	return rest.WriteJSON(w, r, http.StatusOK, struct {
		Posts []post   `json:"posts"`
		Count int      `json:"count"`
		Next  string   `json:"next,omitempty"`
		Seq   data.Seq `json:"seq"`
		city.Shown
	}{page.items, page.all, page.cursor(d.Asked), d.World.Seq(), d.Shown})
}

// GetPost shows one post: GET /v1/posts/{id}.
func (a *API) GetPost(w http.ResponseWriter, r *http.Request) error {
	d, err := a.askOnly(r)
	if err != nil {
		return err
	}
	id := mux.Vars(r)["id"]
	p, ok := d.Post(id)
	if !ok {
		return unknown("post", id)
	}
	d.Header(w)
	return rest.WriteJSON(w, r, http.StatusOK, showPost(d.Directory, p))
}

// PutPost makes or replaces a post, or takes the place of a standard one: PUT /v1/posts/{id}.
func (a *API) PutPost(w http.ResponseWriter, r *http.Request) error {
	var given struct {
		people.Post
		// What GET shows may come back.
		Standard bool
		Seq      data.Seq
	}
	if err := a.read(w, r, &given, &given.ID); err != nil {
		return err
	}
	p := &given.Post
	if p.Permissions == nil {
		p.Permissions = []people.Permission{}
	}
	if p.Layers == nil {
		p.Layers = []people.Grant{}
	}
	return a.put(w, r, data.AdminPost, p.ID, &people.Update{Posts: []*people.Post{p}}, func(d *people.Directory) any {
		p, _ := d.Post(p.ID)
		return showPost(d, p)
	})
}

// DeletePost ends a post that nobody holds; a standard one becomes again what it was in the beginning:
// DELETE /v1/posts/{id}.
func (a *API) DeletePost(w http.ResponseWriter, r *http.Request) error {
	id := mux.Vars(r)["id"]
	return a.end(w, r, data.AdminPost, id, unknown("post", id))
}
