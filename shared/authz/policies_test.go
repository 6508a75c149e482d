package authz_test

import (
	"strings"
	"testing"

	"innerdoor.example/shared/authz"
)

func TestPoliciesTogetherKnowWhatEachOfThemKnows(t *testing.T) {
	permit := []authz.Rule[caller, row]{authz.When("staff", sStaff)}
	of := func(read authz.Name, scope string) *authz.Policy[caller, row] {
		return authz.New(everyScope, fences, authz.Action[caller, row]{Name: read, Scope: scope, Permit: permit})
	}
	all := authz.Policies{"row": of("rows:read", "rows"), "column": of("columns:read", "columns")}
	for action, want := range map[authz.Name]string{"rows:read": "rows", "columns:read": "columns", "cells:read": "", "": ""} {
		if got := all.Scope(action); got != want || all.Knows(action) != (want != "") {
			t.Errorf("%q needs %q, not %q", action, got, want)
		}
	}
	if got := all.String(); strings.Index(got, "### column") > strings.Index(got, "### row") || strings.Count(got, "permits | staff") != 2 {
		t.Errorf("the tables are %s", got)
	}
}
