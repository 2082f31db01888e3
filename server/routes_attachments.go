package server

import "github.com/gewu-city/gewu/server/attachments"

// attachmentRoutes are the operations about pictures and sounds of cases. Who may see one its handler decides.
func (s *Server) attachmentRoutes() []route {
	return []route{
		{"POST", "/v1/attachments", s.attachments.Upload, writers, false},
		{"GET", "/v1/attachments/{hash}", s.attachments.Get, visitors, false},
	}
}

// joinFiles has files and cases know of each other, where the city has both.
func (s *Server) joinFiles(cfg attachments.Config) {
	if cfg.Files != nil && s.cases.Service != nil {
		cfg.Cases, cfg.References, s.cases.Holder = &s.cases, s.cases.Service, &s.attachments
	}
	s.attachments = attachments.New(s.city, cfg)
}
