package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"
)

type planCmd struct {
	List   planListCmd   `cmd:"" help:"List what is planned, and how it ended." default:"withargs"`
	Cancel planCancelCmd `cmd:"" help:"Cancel a plan before it is due."`
}

type planListCmd struct {
	State string `help:"Only plans in this state: planned, done, failed, cancelled." enum:",planned,done,failed,cancelled" default:"" placeholder:"STATE"`
	JSON  bool   `help:"Print the plans as JSON, one a line." name:"json"`
}

// Run lists the plans.
func (cmd *planListCmd) Run(e *env) error {
	return withCity(e, func(ctx context.Context, c client) error {
		query := url.Values{"limit": {"1000"}}
		if cmd.State != "" {
			query.Set("state", cmd.State)
		}
		var list struct {
			Plans []json.RawMessage `json:"plans"`
		}
		if err := c.read(ctx, "/v1/plans", query, &list); err != nil {
			return err
		}
		t := tabwriter.NewWriter(e.stdout, 0, 4, 2, ' ', 0)
		if !cmd.JSON {
			fmt.Fprintln(t, "ID\tDUE\tSTATE\tCHANGES\tLAYERS\tCAUSE\tREASON")
		}
		for _, raw := range list.Plans {
			if cmd.JSON {
				fmt.Fprintf(e.stdout, "%s\n", raw)
				continue
			}
			var p struct {
				ID     string    `json:"id"`
				Due    time.Time `json:"due"`
				State  string    `json:"state"`
				Count  int       `json:"count"`
				Layers []string  `json:"layers"`
				Cause  string    `json:"cause"`
				Reason string    `json:"reason"`
			}
			if err := json.Unmarshal(raw, &p); err != nil {
				return err
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%s\t%s\t%s\n", p.ID, local(p.Due), p.State, p.Count, strings.Join(p.Layers, ","), p.Cause, p.Reason)
		}
		return t.Flush()
	})
}

type planCancelCmd struct {
	ID string `arg:"" help:"Id of the plan."`
}

// Run cancels a plan.
func (cmd *planCancelCmd) Run(e *env) error {
	return withCity(e, func(ctx context.Context, c client) error {
		if err := c.send(ctx, http.MethodDelete, "/v1/plans/"+url.PathEscape(cmd.ID), nil, nil); err != nil {
			return err
		}
		_, err := fmt.Fprintf(e.stdout, "plan %s cancelled\n", cmd.ID)
		return err
	})
}
