package server

// accountRoutes are the operations about who may log in. Each handler looks itself at who asks.
func (s *Server) accountRoutes() []route {
	a := s.auth
	return []route{
		{"GET", "/v1/me", a.Me, visitors, false},
		{"PATCH", "/v1/me", a.ChangeMe, visitors, false},
		{"POST", "/v1/me/password", a.SetPassword, visitors, false},
		{"GET", "/v1/me/sessions", a.Sessions, visitors, false},
		{"DELETE", "/v1/me/sessions", a.EndSession, visitors, false},
		{"DELETE", "/v1/me/sessions/{id}", a.EndSession, visitors, false},
		{"POST", "/v1/me/second", a.ProposeSecond, visitors, false},
		{"PUT", "/v1/me/second", a.ConfirmSecond, visitors, false},
		{"POST", "/v1/me/second/recovery", a.RenewRecovery, visitors, false},
		{"POST", "/v1/me/second/remove", a.DropSecond, visitors, false},

		{"POST", "/v1/login", a.Login, visitors, false},
		{"POST", "/v1/login/second", a.Second, visitors, false},
		{"GET", "/v1/login/outside/{provider}", a.Outside, visitors, false},
		{"GET", "/v1/login/outside/{provider}/back", a.Back, visitors, false},
		{"POST", "/v1/logout", a.Logout, visitors, false},
		{"POST", "/v1/password-reset", a.AskReset, visitors, false},
		{"POST", "/v1/password-reset/look", a.LookReset, visitors, false},
		{"POST", "/v1/password-reset/accept", a.SetByLink, visitors, false},
		{"POST", "/v1/invitations/look", a.LookInvitation, visitors, false},
		{"POST", "/v1/invitations/accept", a.Accept, visitors, false},

		{"GET", "/v1/keys", a.Keys, visitors, false},
		{"POST", "/v1/keys", a.CreateKey, visitors, false},
		{"DELETE", "/v1/keys/{key}", a.RevokeKey, visitors, false},

		{"GET", "/v1/invitations", a.Invitations, visitors, false},
		{"POST", "/v1/invitations", a.Invite, visitors, false},
		{"DELETE", "/v1/invitations/{id}", a.TakeBack, visitors, false},
		{"GET", "/v1/accounts", a.List, visitors, false},
		{"POST", "/v1/accounts", a.Create, visitors, false},
		{"GET", "/v1/accounts/{account}", a.Get, visitors, false},
		{"PATCH", "/v1/accounts/{account}", a.Change, visitors, false},
		{"DELETE", "/v1/accounts/{account}", a.Remove, visitors, false},
		{"GET", "/v1/accounts/{account}/sessions", a.SessionsOf, visitors, false},
		{"DELETE", "/v1/accounts/{account}/sessions", a.EndSessionsOf, visitors, false},
		{"POST", "/v1/accounts/{account}/reset", a.ResetOf, visitors, false},
		{"DELETE", "/v1/accounts/{account}/second", a.ClearSecond, visitors, false},
	}
}
