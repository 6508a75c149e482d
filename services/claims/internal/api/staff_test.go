package api

import (
	"slices"
	"testing"
)

const adjuster = `{"role":"adjuster","regions":["eu"],"limit":50000,"currency":"EUR"}`

func TestOnlyAdminsWithASecondFactorKeepStaffAndNeverTheirOwnRow(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"alice", "ada", "sam+", "olive", "vera+", "max+", "mallory", "narrow"} {
		w.expect(403, name, "GET", "/claims/staff", "")
		w.expect(403, name, "PUT", "/claims/staff/home:max", adjuster)
		w.expect(403, name, "DELETE", "/claims/staff/home:ada", "")
		w.expect(403, name, "DELETE", "/claims/staff/home:nobody", "")
	}
	w.expect(401, "tom", "GET", "/claims/staff", "")
	w.expect(401, "tom", "PUT", "/claims/staff/home:max", adjuster)
	w.expect(401, "tom", "DELETE", "/claims/staff/home:ada", "")
	for _, name := range []string{"tom", "tom+"} { // a stronger login is not asked for where it would not help
		w.expect(403, name, "PUT", "/claims/staff/home:tom", adjuster)
		w.expect(403, name, "DELETE", "/claims/staff/home:tom", "")
	}
	w.expect(404, "tom+", "DELETE", "/claims/staff/home:nobody", "")
	w.expect(404, "tom+", "DELETE", "/claims/staff/home:grace", "") // whom only globex knows
	if n := w.number("SELECT count(*) FROM staff WHERE version > 1 OR subject = 'home:max'"); n != 0 {
		t.Errorf("%d rows were changed by what was refused", n)
	}

	w.expect(201, "tom+", "PUT", "/claims/staff/home:max", adjuster)
	seen := w.expect(200, "tom+", "PUT", "/claims/staff/home:max", `{"role":"support"}`).header.Get("ETag")
	w.expect(412, "tom+", "DELETE", "/claims/staff/home:max", "", "If-Match", `"1"`)
	w.expect(204, "tom+", "DELETE", "/claims/staff/home:max", "", "If-Match", seen)
	w.expect(412, "tom+", "PUT", "/claims/staff/home:max", adjuster, "If-Match", seen)
	w.expect(412, "tom+", "PUT", "/claims/staff/home:max", adjuster, "If-Match", "*") // dismissed: not to be appointed anew unawares
	w.expect(403, "ada", "PUT", "/claims/staff/home:max", adjuster, "If-Match", "*")
	w.expect(200, "tom+", "PUT", "/claims/staff/home:olive", `{"role":"support"}`, "If-Match", "*")
}

func TestTheStaffThatIsListedIsTheTenants(t *testing.T) {
	w := newWorld(t)
	for name, want := range map[string]int{"tom+": 7, "gary+": 5} {
		items := w.expect(200, name, "GET", "/claims/staff", "").items(t)
		first := w.expect(200, name, "GET", "/claims/staff?limit=2", "").object(t)
		if len(items) != want || first["next"] == nil {
			t.Errorf("%s is listed %v, then %v", name, items, first)
		}
		ofAcme := slices.ContainsFunc(items, func(s map[string]any) bool { return s["subject"] == "home:ada" })
		if ofAcme != (name == "tom+") {
			t.Errorf("%s is listed %v", name, items)
		}
	}
}

func TestARoleIsInEffectOnTheNextRequest(t *testing.T) {
	w := newWorld(t)
	w.expect(404, "max", "GET", "/claims/c-bob", "")
	w.expect(201, "tom+", "PUT", "/claims/staff/home:max", adjuster)
	w.expect(200, "max", "GET", "/claims/c-bob", "")
	w.expect(404, "max", "GET", "/claims/c-bob-us", "")
	w.expect(200, "tom+", "PUT", "/claims/staff/home:max", `{"role":"adjuster","regions":["us"]}`)
	w.expect(404, "max", "GET", "/claims/c-bob", "")
	w.expect(200, "max", "GET", "/claims/c-bob-us", "")
	w.expect(204, "tom+", "DELETE", "/claims/staff/home:max", "")
	w.expect(404, "max", "GET", "/claims/c-bob-us", "")
}
