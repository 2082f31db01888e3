package jsontext

// Cell is a JSON value as text: strings as what they mean, numbers in shortest decimal digits, null as nothing, objects
// and arrays as JSON without blanks.
func Cell(value []byte) string {
	switch {
	case IsNull(value):
		return ""
	case value[0] == '"':
		return Unquote(value)
	case IsNumber(value):
		if text, ok := NumberText(value); ok {
			return text
		}
		return string(value)
	case value[0] == '{' || value[0] == '[':
		return Compact(value)
	}
	return string(value)
}
