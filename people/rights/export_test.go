package rights

// ParseWhere is for tests.
var ParseWhere = parseWhere
