// Package apidoc makes a page for people from an OpenAPI document: one file without scripts, and its style.
package apidoc

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gewu-city/gewu/server/rest"
)

//go:embed docs.html
var page string

// Style is the style of the page, to be served beside it.
//
//go:embed docs.css
var Style []byte

// The part of an OpenAPI document that the page shows.
type (
	apiDocument struct {
		base string
		Info struct {
			Title       string `json:"title"`
			Description string `json:"description"`
		} `json:"info"`
		Tags []struct {
			Name        string `json:"name"`
			Description string `json:"description"`
		} `json:"tags"`
		Paths      map[string]map[string]json.RawMessage `json:"paths"`
		Components struct {
			Parameters map[string]apiParameter `json:"parameters"`
			Responses  map[string]apiResponse  `json:"responses"`
			Schemas    map[string]apiSchema    `json:"schemas"`
		} `json:"components"`
	}
	apiOperation struct {
		ID          string                 `json:"operationId"`
		Tags        []string               `json:"tags"`
		Summary     string                 `json:"summary"`
		Description string                 `json:"description"`
		Parameters  []apiParameter         `json:"parameters"`
		Body        *apiBody               `json:"requestBody"`
		Responses   map[string]apiResponse `json:"responses"`
		Security    []map[string]any       `json:"security"`
	}
	apiParameter struct {
		Ref         string    `json:"$ref"`
		Name        string    `json:"name"`
		In          string    `json:"in"`
		Required    bool      `json:"required"`
		Description string    `json:"description"`
		Schema      apiSchema `json:"schema"`
		Example     any       `json:"example"`
	}
	apiBody struct {
		Content map[string]apiContent `json:"content"`
	}
	apiResponse struct {
		Ref         string                `json:"$ref"`
		Description string                `json:"description"`
		Content     map[string]apiContent `json:"content"`
	}
	apiContent struct {
		Schema  apiSchema       `json:"schema"`
		Example json.RawMessage `json:"example"`
	}
	apiSchema struct {
		Ref         string               `json:"$ref"`
		Type        string               `json:"type"`
		Description string               `json:"description"`
		Enum        []any                `json:"enum"`
		Default     any                  `json:"default"`
		Items       *apiSchema           `json:"items"`
		AllOf       []apiSchema          `json:"allOf"`
		OneOf       []apiSchema          `json:"oneOf"`
		Properties  map[string]apiSchema `json:"properties"`
		Required    []string             `json:"required"`
	}
)

// What the template gets.
type (
	docsPage struct {
		Title, Description string
		Groups             []docsGroup
		Schemas            []docsSchema
		Problems           []rest.About
	}
	docsGroup struct {
		Name, Description string
		Operations        []docsOperation
	}
	docsOperation struct {
		ID, Method, Path, Summary, Description, Curl string
		Writes                                       bool
		Parameters                                   []docsField
		Bodies, Answers                              []docsContent
	}
	docsContent struct{ Status, Type, Schema, Description, Example string }
	docsSchema  struct {
		Name, Description string
		Fields            []docsField
	}
	docsField struct {
		Name, Where, Type, Description string
		Required                       bool
	}
)

// Render makes the page from a document. base is where the server of the examples is.
func Render(document []byte, base string) ([]byte, error) {
	var doc apiDocument
	if err := json.Unmarshal(document, &doc); err != nil {
		return nil, fmt.Errorf("apidoc: read document: %w", err)
	}
	doc.base = base
	content := docsPage{Title: doc.Info.Title, Description: doc.Info.Description, Problems: rest.Kinds}
	for _, tag := range doc.Tags {
		group := docsGroup{Name: tag.Name, Description: tag.Description}
		for _, path := range sortedKeys(doc.Paths) {
			operations, err := doc.operations(path, tag.Name)
			if err != nil {
				return nil, fmt.Errorf("apidoc: %s: %w", path, err)
			}
			group.Operations = append(group.Operations, operations...)
		}
		content.Groups = append(content.Groups, group)
	}
	for _, name := range sortedKeys(doc.Components.Schemas) {
		s := doc.Components.Schemas[name]
		content.Schemas = append(content.Schemas, docsSchema{name, s.Description, schemaFields(s)})
	}
	t, err := template.New("docs").Funcs(template.FuncMap{"code": markCode}).Parse(page)
	if err != nil {
		return nil, fmt.Errorf("apidoc: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, content); err != nil {
		return nil, fmt.Errorf("apidoc: %w", err)
	}
	return out.Bytes(), nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (d *apiDocument) operations(path, tag string) ([]docsOperation, error) {
	item := d.Paths[path]
	var shared []apiParameter
	if text, ok := item["parameters"]; ok {
		if err := json.Unmarshal(text, &shared); err != nil {
			return nil, err
		}
	}
	var list []docsOperation
	for _, method := range []string{"get", "post", "put", "patch", "delete"} {
		text, ok := item[method]
		if !ok {
			continue
		}
		var op apiOperation
		if err := json.Unmarshal(text, &op); err != nil {
			return nil, err
		}
		if !slices.Contains(op.Tags, tag) {
			continue
		}
		op.Parameters = slices.Concat(shared, op.Parameters)
		for i, p := range op.Parameters {
			if p.Ref != "" {
				op.Parameters[i] = d.Components.Parameters[refName(p.Ref)]
			}
		}
		list = append(list, d.operation(strings.ToUpper(method), path, &op))
	}
	return list, nil
}

func (d *apiDocument) operation(method, path string, op *apiOperation) docsOperation {
	o := docsOperation{
		ID: op.ID, Method: method, Path: path, Summary: op.Summary, Description: op.Description,
		Writes: len(op.Security) > 0, Curl: curlLine(d.base, method, path, op),
	}
	for _, p := range op.Parameters {
		o.Parameters = append(o.Parameters, docsField{p.Name, p.In, typeName(p.Schema), p.Description, p.Required})
	}
	if op.Body != nil {
		for _, kind := range sortedKeys(op.Body.Content) {
			c := op.Body.Content[kind]
			o.Bodies = append(o.Bodies, docsContent{Type: kind, Schema: typeName(c.Schema), Example: exampleText(c.Example)})
		}
	}
	for _, status := range sortedKeys(op.Responses) {
		r := op.Responses[status]
		if r.Ref != "" {
			r = d.Components.Responses[refName(r.Ref)]
		}
		if len(r.Content) == 0 {
			o.Answers = append(o.Answers, docsContent{Status: status, Description: r.Description})
		}
		for _, kind := range sortedKeys(r.Content) {
			c := r.Content[kind]
			o.Answers = append(o.Answers, docsContent{status, kind, typeName(c.Schema), r.Description, exampleText(c.Example)})
		}
	}
	return o
}

func refName(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

func typeName(s apiSchema) string {
	switch {
	case s.Ref != "":
		return refName(s.Ref)
	case s.Items != nil:
		return strings.TrimSpace("list of " + typeName(*s.Items))
	case len(s.Enum) > 0:
		return strings.Trim(strings.Join(strings.Fields(fmt.Sprint(s.Enum)), " | "), "[]")
	case len(s.OneOf) > 0:
		return typeName(s.OneOf[0]) + " or " + typeName(s.OneOf[1])
	case s.Default != nil:
		return fmt.Sprintf("%s, default %v", s.Type, s.Default)
	default:
		return s.Type
	}
}

func schemaFields(s apiSchema) []docsField {
	var fields []docsField
	for _, part := range s.AllOf {
		if part.Ref != "" {
			fields = append(fields, docsField{Name: "…", Type: typeName(part), Description: "all its members"})
		}
		fields = append(fields, schemaFields(part)...)
	}
	for _, name := range sortedKeys(s.Properties) {
		p := s.Properties[name]
		fields = append(fields, docsField{name, "", typeName(p), p.Description, slices.Contains(s.Required, name)})
	}
	return fields
}

// exampleText is a JSON example laid out, or a text example as it is.
func exampleText(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var out bytes.Buffer
	if json.Indent(&out, raw, "", "  ") != nil {
		return ""
	}
	return out.String()
}

// curlLine is a command that tries an operation with the examples of the document.
func curlLine(base, method, path string, op *apiOperation) string {
	var query []string
	for _, p := range op.Parameters {
		example := url.PathEscape(fmt.Sprint(p.Example))
		switch {
		case p.In == "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", example)
		case p.In == "query" && p.Required:
			query = append(query, p.Name+"="+example)
		}
	}
	target := base + path
	if len(query) > 0 {
		target += "?" + strings.Join(query, "&")
	}
	line := "curl "
	if method != http.MethodGet {
		line += "-X " + method + " "
	}
	if op.Body != nil {
		kind := "text/csv"
		if _, ok := op.Body.Content[kind]; !ok {
			kind = sortedKeys(op.Body.Content)[0]
		}
		c := op.Body.Content[kind]
		switch kind {
		case rest.TypeJSON:
			var out bytes.Buffer
			body := "@body.json"
			if json.Compact(&out, c.Example) == nil && out.Len() > 0 {
				body = strings.ReplaceAll(out.String(), "'", `'\''`)
			}
			line += "-H 'Content-Type: " + kind + "' -d '" + body + "' "
		default:
			line += "-H 'Content-Type: " + kind + "' -T file "
		}
	}
	return line + "'" + target + "'"
}

// markCode escapes a text and sets what stands between backquotes as code.
func markCode(text string) template.HTML {
	var b strings.Builder
	for i, part := range strings.Split(text, "`") {
		part = template.HTMLEscapeString(part)
		if i%2 == 1 {
			part = "<code>" + part + "</code>"
		}
		b.WriteString(part)
	}
	return template.HTML(b.String()) //nolint:gosec // every part is escaped above
}
