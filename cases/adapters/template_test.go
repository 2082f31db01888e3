package adapters_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gewu-city/gewu/cases/adapters"
	"github.com/gewu-city/gewu/data"
)

func TestFaultsOfTemplates(t *testing.T) {
	for want, text := range map[string]adapters.TemplateText{
		"body: is missing":                   {},
		"body: must become JSON":             {Body: `{"text":"{{.Text}}"}`},
		"body: body:1":                       {Body: `{"text":{{.Nobody}}}`},
		"body: body:1: function":             {Body: `{"text":{{exec .Text}}}`},
		"content_type: must be a media type": {Body: "x", ContentType: "a b/c"},
		"headers.Content-Type: is no header": {Body: "{}", Headers: map[string]string{"Content-Type": "x"}},
		"headers.webhook-id: is no header":   {Body: "{}", Headers: map[string]string{"webhook-id": "x"}},
		"headers.a b: is no header":          {Body: "{}", Headers: map[string]string{"a b": "x"}},
		"headers.X-Text: must be one line":   {Body: "{}", Headers: map[string]string{"X-Text": "{{.Text}}"}},
		"sign.encoding: must be hex":         {Body: "{}", Sign: &adapters.SignText{Over: "{{body}}"}},
		"sign.over: is missing":              {Body: "{}", Sign: &adapters.SignText{Encoding: "hex"}},
		"nothing says what sign is":          {Body: "{}", Query: map[string]string{"sign": "{{sign}}"}},
		"the secret is for sign alone":       {Body: `{"key":{{json secret}}}`},
		"the body cannot name itself":        {Body: `{"sign":{{json sign}}}`, Sign: &adapters.SignText{Over: "{{body}}", Encoding: "hex"}},
		"a signature cannot name itself":     {Body: `{"sign":{{json sign}}}`, Sign: &adapters.SignText{Over: "{{sign}}", Encoding: "hex"}},
		"answer: must have member":           {Body: "{}", Answer: &adapters.AnswerText{Member: "code"}},
	} {
		_, err := adapters.NewTemplate(&text)
		if _, ok := errors.AsType[*data.FieldError](err); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
