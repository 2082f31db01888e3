package auth

import "strings"

// Actors are those whom a text means, as the log names them: an account by login, id, or the id of its person, each with
// its keys, or the text as it stands. Nobody is found by the beginning of a name.
func (a *API) Actors(text string) ([]string, error) {
	actors := []string{text}
	if a.store == nil {
		return actors, nil
	}
	all, err := a.store.List()
	if err != nil {
		return nil, err
	}
	of := map[string]bool{}
	for i := range all {
		if one := &all[i]; text == accountName+one.ID || text == one.ID || text == one.Staff || strings.EqualFold(text, one.Login) {
			of[one.ID] = true
			actors = append(actors, accountName+one.ID)
		}
	}
	if len(of) == 0 {
		return actors, nil
	}
	keys, err := a.store.Keys("")
	if err != nil {
		return nil, err
	}
	for i := range keys {
		if of[keys[i].Account] {
			actors = append(actors, keyName+keys[i].ID)
		}
	}
	return actors, nil
}

// Logins says what actors log in with today, empty for those who do not or are gone. It is made for one answer.
func (a *API) Logins() (func(actor string) string, error) {
	names := map[string]string{}
	login := func(actor string) string { return names[actor] }
	if a.store == nil {
		return login, nil
	}
	all, err := a.store.List()
	if err != nil {
		return nil, err
	}
	for i := range all {
		names[accountName+all[i].ID] = all[i].Login
	}
	keys, err := a.store.Keys("")
	if err != nil {
		return nil, err
	}
	for i := range keys {
		names[keyName+keys[i].ID] = names[accountName+keys[i].Account]
	}
	return login, nil
}
