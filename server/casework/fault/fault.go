// Package fault says over HTTP why something cannot be done with a case, in the language of whoever asks.
package fault

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/route"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/server/once"
	"github.com/gewu-city/gewu/server/rest"
)

// NoCase is the answer to a case that does not exist, or that whoever asks may not see: the two are not told apart.
func NoCase(kind rest.Kind, field, id string) error {
	return rest.Fault(kind, field, id, "names no case that exists and that you may see").In("zh", said(field, id, "没有此案件，或无权查看"))
}

// said is a detail in Chinese, with what [rest.Fault] says of field and value.
func said(field, value, why string) string {
	if value = rest.Shorten(value); value != "" {
		return fmt.Sprintf("%s %s（现为“%s”）", field, why, value)
	}
	return field + " " + why
}

// Refused is the problem of a refusal: 409 with its name and the reason for people.
func Refused(e *process.RefusalError) error {
	p := rest.Refuse(rest.Conflict, "%s", e.Error()).Because(e).Named(string(e.Code), e.Title)
	if e.Field != "" {
		p.Field, p.Value = "form."+e.Field, rest.Shorten(e.Value)
	}
	return p
}

// Of is the problem of what a desk says.
func Of(err error) error {
	var (
		refusal *process.RefusalError
		stale   *cases.StaleError
		key     *cases.KeyError
		gone    *route.GoneError
		form    *cases.FormError
		field   *data.FieldError
		public  *rest.Problem
		spoilt  *cases.UnreadableError
	)
	switch {
	case errors.As(err, &public):
		return err
	case errors.As(err, &spoilt):
		return rest.Refuse(rest.Damaged, "case %s goes on in entry %d of the log, as its event %d, in a way that cannot be read: it is neither shown nor moved, and nothing of it is lost; the operator finds what to do in the manual", spoilt.Case, spoilt.Seq, spoilt.Number).Because(err).
			In("zh", fmt.Sprintf("案件 %s 在日志第 %d 条（其第 %d 个事件）之后无法读取：暂不显示也不能办理，数据没有丢失；处理办法见运维手册", spoilt.Case, spoilt.Seq, spoilt.Number))
	case errors.As(err, &refusal):
		return Refused(refusal)
	case errors.As(err, &stale):
		want, have := strconv.Itoa(stale.Want), strconv.Itoa(stale.Have)
		return rest.Fault(rest.Precondition, "if_version", want, "is not the version of the case, which is at "+have+": somebody else has worked on it, read it again").Because(err).
			In("zh", said("if_version", want, "不是案件的当前版本 "+have+"：他人已办理，请重新读取"))
	case errors.As(err, &key):
		return rest.Fault(rest.Invalid, once.Header, "", fmt.Sprintf("was used for another request, which became event %d of case %s: a new request needs a new key", key.Number, key.Case)).Because(err).
			In("zh", fmt.Sprintf("%s 已用于另一请求，即案件 %s 的第 %d 个事件：新的请求请换新的键", once.Header, key.Case, key.Number))
	case errors.As(err, &gone):
		return rest.Refuse(rest.Conflict, "%s", gone.Error()).Because(err).Named("nobody-left", data.Title{"zh": "兜底单位“" + gone.Organisation + "”不存在或已撤销", "en": gone.Error()})
	case errors.Is(err, cases.ErrNoCase):
		return rest.Refuse(rest.NotFound, "there is no such case").Because(err).In("zh", "没有此案件")
	case errors.Is(err, cases.ErrPost):
		return rest.Refuse(rest.Forbidden, "you do not hold that post at the moment: GET /v1/cases/form lists those that you hold").Because(err).
			In("zh", "您目前不任该岗位：GET /v1/cases/form 列出您现任的岗位")
	case errors.As(err, &form):
		p := rest.Fault(rest.Invalid, "form."+form.Field, form.Value, form.Why).Because(err)
		return p.In("zh", said(p.Field, p.Value, form.ZH))
	case errors.As(err, &field):
		return rest.Faults(rest.Invalid, "form.", err).Because(err)
	}
	return err
}
