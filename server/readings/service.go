// Package readings is the resource of what sensors measure: it takes readings in, shows the newest ones and how the rules stand,
// and turns what they raise into cases.
package readings

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/gewu-city/gewu/cases"
	"github.com/gewu-city/gewu/cases/process"
	"github.com/gewu-city/gewu/cases/route"
	"github.com/gewu-city/gewu/cases/sensor"
	"github.com/gewu-city/gewu/cases/sensor/book"
	"github.com/gewu-city/gewu/data"
	"github.com/gewu-city/gewu/server/casework"
)

// Source is the door through which cases of sensors come.
const Source = "sensor"

// Service is the sensors of a city.
type Service struct {
	Book *book.Book
	// Cases are those of the city, whose clock is that of the sensors.
	Cases *casework.Service
	// Zone is where times in texts are.
	Zone *time.Location
}

// Begin implements [book.Desk]: the post of the program begins the case, with the part, its place and the reading.
func (s *Service) Begin(ctx context.Context, m *book.Matter) error {
	if _, ok := s.Cases.Cases().Find(m.Case); ok {
		return nil // it began, and the machine stopped before the reading was kept
	}
	form := cases.Form{Source: Source, Description: s.text(m, false), Parts: []cases.Part{{Layer: m.Part.Layer, ID: m.Part.ID}}, Point: &m.Point}
	if m.Rule.Class != nil {
		class := *m.Rule.Class
		class.Edition = s.Cases.ClassTable().Edition()
		form.Class = &class
	}
	_, err := s.Cases.Desk().Do(ctx, &cases.Command{
		Case: m.Case, Key: m.Key, At: s.Cases.Now(), Actor: cases.Actor{Post: process.System}, Action: m.Rule.Action, Form: form, Anywhere: true,
	})
	if _, done := errors.AsType[*cases.KeyError](err); done {
		return nil
	}
	return refused(m, err)
}

// End implements [book.Desk]: the case is told, unless the process does not let it, and goes on: people close it.
func (s *Service) End(ctx context.Context, m *book.Matter) error {
	if m.Rule.Note == "" {
		return nil
	}
	_, err := s.Cases.Desk().Do(ctx, &cases.Command{
		Case: m.Case, Key: m.Key, At: s.Cases.Now(), Actor: cases.Actor{Post: process.System}, Action: m.Rule.Note, Form: cases.Form{Note: s.text(m, true)},
	})
	_, done := errors.AsType[*cases.KeyError](err)
	_, cannot := errors.AsType[*process.RefusalError](err)
	if done || cannot || errors.Is(err, cases.ErrNoCase) {
		return nil
	}
	return refused(m, err)
}

// refused turns what is wrong with the rule or the city into a fault of the reading: everything else is ours.
func refused(m *book.Matter, err error) error {
	_, refusal := errors.AsType[*process.RefusalError](err)
	_, gone := errors.AsType[*route.GoneError](err)
	_, field := errors.AsType[*data.FieldError](err)
	if refusal || gone || field {
		return &data.FieldError{Field: "rule", Value: m.Rule.ID, Why: "raises a case that is refused, so that the reading is not kept: " + err.Error()}
	}
	return err
}

func (s *Service) text(m *book.Matter, over bool) string {
	threshold := m.Rule.Raise
	if over {
		threshold = m.Rule.Clear
	}
	return m.Rule.Text(over, func(lang string) *sensor.Words {
		part := m.Part.Code
		if part == "" {
			part = m.Part.ID
		}
		return &sensor.Words{
			Rule: m.Rule.Title.In(lang, m.Rule.ID), Part: part, Layer: m.Part.Layer, Value: amount(m.Value, m.Unit), Threshold: amount(threshold, m.Unit),
			At: m.At.In(s.Zone).Format("2006-01-02 15:04:05"), Readings: m.Row, Lasting: lasting(lang, m.At.Sub(m.Since)),
		}
	})
}

// lasting is a time in words, to the minute from an hour on and to the second below.
func lasting(lang string, d time.Duration) string {
	units := [3]string{" h", " min", " s"}
	if lang == "zh" {
		units = [3]string{" 小时", " 分钟", " 秒"}
	}
	d = d.Round(time.Second)
	of := [3]int{int(d / time.Hour), int(d / time.Minute % 60), int(d / time.Second % 60)}
	if of[0] > 0 {
		of[2] = 0
	}
	var words []string
	for i, n := range of {
		if n != 0 {
			words = append(words, strconv.Itoa(n)+units[i])
		}
	}
	if len(words) == 0 {
		return "0" + units[2]
	}
	return strings.Join(words, " ")
}

func amount(v float64, unit string) string {
	text := strconv.FormatFloat(v, 'g', -1, 64)
	if unit == "1" {
		return text
	}
	return text + " " + unit
}
