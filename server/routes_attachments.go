package server

// attachmentRoutes are the operations about pictures and sounds of cases. Who may see one its handler decides.
func (s *Server) attachmentRoutes() []route {
	return []route{
		{"POST", "/v1/attachments", s.attachments.Upload, writers, false},
		{"GET", "/v1/attachments/{hash}", s.attachments.Get, visitors, false},
	}
}
