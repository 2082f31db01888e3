package wire

// Error is one thing that is wrong. Code is the status of HTTP or a finer number; Description is for whoever reports.
type Error struct {
	Code        int
	Description string
}

// Errors are errors as the value that both forms have: always a list. The root of their document is "errors".
func Errors(all ...Error) List {
	list := List{Item: "error"}
	for _, e := range all {
		list.Values = append(list.Values, Object{{"code", e.Code}, {"description", e.Description}})
	}
	return list
}
