package auth

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gewu-city/gewu/people/account"
)

// letter is a mail to be written: to an address, or to who has a login.
type letter struct {
	to, login string
	purpose   account.Purpose
	url       string
	until     time.Time
}

// letterTime is how long sending one mail may take.
const letterTime = 30 * time.Second

// mails reports whether the server can send links.
func (a *API) mails() bool { return a.cfg.Post != nil && a.cfg.PublicURL != "" }

// write hands a letter to [API.Run]; it reports false for one that goes nowhere.
func (a *API) write(l letter) bool {
	if !a.mails() || l.to == "" && l.login == "" {
		return false
	}
	select {
	case a.letters <- l:
		return true
	default:
		a.cfg.Logger.Warn("a mail was not sent: too many wait", "purpose", l.purpose)
		return false
	}
}

// Run sends mail until ctx ends.
func (a *API) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case l := <-a.letters:
			if err := a.send(ctx, l); err != nil {
				a.cfg.Logger.Error("a mail was not sent", "purpose", l.purpose, "error", err)
			}
		}
	}
}

// send writes one letter.
func (a *API) send(ctx context.Context, l letter) error {
	ctx, cancel := context.WithTimeout(ctx, letterTime)
	defer cancel()
	if l.login != "" {
		found, err := a.store.Find(l.login)
		if err != nil || found.Disabled || found.Email == "" {
			return nil // who asked is not told, and nobody else waits for it
		}
		link, token, err := a.store.ResetLink(found.ID, "")
		if err != nil {
			return err
		}
		l.to, l.until = found.Email, link.Expires
		l.url += token
	}
	subject, text := l.text()
	return a.cfg.Post.Send(ctx, l.to, subject, text)
}

// text is what stands in a letter, in Chinese and English.
func (l letter) text() (subject, text string) {
	zh, en := "请打开以下链接设置登录名和密码：", "Open this link to choose a login and a password:"
	subject = "gewu: 邀请 / Invitation"
	if l.purpose == account.Reset {
		zh, en = "请打开以下链接设置新密码。如果不是您本人申请，请忽略本邮件，原密码仍然有效。", "Open this link to choose a new password. If you did not ask for it, do nothing: the password stays as it is."
		subject = "gewu: 重设密码 / Password"
	}
	until := l.until.UTC().Format("2006-01-02 15:04 UTC")
	var b strings.Builder
	fmt.Fprintf(&b, "%s\r\n%s\r\n\r\n%s\r\n\r\n链接在 %s 前可使用一次。\r\nIt can be used once, until %s.\r\n", zh, en, l.url, until, until)
	return subject, b.String()
}
