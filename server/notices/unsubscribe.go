package notices

import (
	"errors"
	"html/template"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"github.com/gewu-city/gewu/cases/outbox"
	"github.com/gewu-city/gewu/server/rest"
)

// page asks whether to unsubscribe, or says that it is done: programs that look at links before people do must not end anything.
var page = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Title}}</title></head>
<body><main><h1>{{.Title}}</h1><p>{{.Text}}</p>{{if .Button}}<form method="post"><button name="List-Unsubscribe" value="One-Click">{{.Button}}</button></form>{{end}}</main></body></html>
`))

type pageText struct{ Lang, Title, Text, Button string }

// token is the subscription that a link in a mail is for. The signature is all that is asked for: whoever has the mail may end it.
func (a *API) token(r *http.Request) (id string, there bool, err error) {
	if err := a.ready(); err != nil {
		return "", false, err
	}
	id, ok := a.File.Signed(mux.Vars(r)["token"])
	if !ok {
		return "", false, rest.Refuse(rest.NotFound, "this link is not whole: open it as it stands in the mail")
	}
	_, err = a.File.Subscription(id)
	if errors.Is(err, outbox.ErrUnknown) {
		return id, false, nil
	}
	return id, err == nil, err
}

// Asked shows a page with a button: GET /v1/unsubscribe/{token}.
func (a *API) Asked(w http.ResponseWriter, r *http.Request) error {
	_, there, err := a.token(r)
	if err != nil {
		return err
	}
	return write(w, r, there)
}

// Unsubscribe ends a subscription by the link of a mail, without a login, as mail programs do with one click (RFC 8058):
// POST /v1/unsubscribe/{token}. Sent again it answers the same.
func (a *API) Unsubscribe(w http.ResponseWriter, r *http.Request) error {
	id, there, err := a.token(r)
	if err != nil {
		return err
	}
	body, err := rest.ReadBody(w, r, longestForm, "application/x-www-form-urlencoded", "multipart/form-data")
	if err != nil {
		return err
	}
	if !strings.Contains(string(body), "One-Click") {
		return rest.Fault(rest.BadRequest, "List-Unsubscribe", "", "must be One-Click")
	}
	if there {
		if err := a.File.Unsubscribe(id); err != nil {
			return err
		}
	}
	return write(w, r, false)
}

// longestForm bounds the form, in bytes.
const longestForm = 1 << 10

func write(w http.ResponseWriter, r *http.Request, there bool) error {
	texts := map[string][2]pageText{
		"zh": {{"zh", "已退订", "不会再收到这些通知。", ""}, {"zh", "退订通知", "不再接收这些案件通知？", "退订"}},
		"en": {{"en", "Unsubscribed", "You will not be told of these cases any more.", ""}, {"en", "Unsubscribe", "Do you not want to be told of these cases any more?", "Unsubscribe"}},
	}[rest.Language(r, "zh")]
	text := texts[0]
	if there {
		text = texts[1]
	}
	var out strings.Builder
	if err := page.Execute(&out, text); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'")
	w.Header().Add("Vary", "Accept-Language")
	return rest.WriteBody(w, r, http.StatusOK, "text/html; charset=utf-8", []byte(out.String()))
}
