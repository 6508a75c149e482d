package main

import "innerdoor.example/e2e/cast"

const (
	get  = "GET"
	post = "POST"

	entered    = "entered"
	unasked    = "-"
	unrecorded = "-"
	allowed    = "allowed"
	hidden     = "hidden"
	forbidden  = "forbidden"
	stepUp     = "step_up"
)

// filing is a claim about an order of alice's, for 50.00 EUR.
var filing = map[string]any{
	"order": "o-alice-free", "description": "acme: the lamp hums", "amount": 50_00, "currency": "EUR",
	"contact": map[string]string{"name": "somebody of acme", "email": "somebody@acme.example", "phone": "+49 30 100000"},
}

// acts is the play. What somebody did stays done, so the order matters.
var acts = []act{
	{"AT THE DOOR: the gateway asks who you are, and knows no rule about claims", []step{
		{by: nobody, method: get, path: "/claims/c-alice", says: "no token: the request does not enter",
			gateway: "401", service: unrecorded, status: 401},
	}},
	{"WHOSE IS IT: the service decides beside the row, tenant first, then owner", []step{
		{by: as(cast.Alice), method: get, path: "/claims/c-alice-draft", says: "her own claim",
			gateway: entered, service: allowed, status: 200, rule: "owner"},
		{by: as(cast.Bob), method: get, path: "/claims/c-alice-draft", says: "a good token, somebody else's claim: it does not exist for him",
			gateway: entered, service: hidden, status: 404},
		{by: as(cast.Mallory), method: get, path: "/claims/c-alice-draft", says: "a good token of the other tenant",
			gateway: entered, service: hidden, status: 404, rule: "same-tenant"},
		{by: as(cast.Mallory), method: get, path: "/claims/c-alice", says: "an id that both tenants have: she gets globex's, her own",
			gateway: entered, service: allowed, status: 200, rule: "owner", shows: "globex"},
		{by: as(cast.Narrow), method: post, path: "/claims/c-alice/submit", says: "alice, but her token says claims:read only",
			gateway: entered, service: forbidden, status: 403},
	}},
	{"STOLEN AND AROUND: nothing is believed because of where it comes from", []step{
		{by: impostor(cast.Bob, cast.Alice), method: get, path: "/claims/c-alice-draft", says: "bob's login, a genuine Txn-Token of alice's in his header: replaced by his own",
			gateway: entered, service: hidden, status: 404},
		{by: around("", cast.Alice), method: get, path: "/claims/c-alice-draft", says: "directly to claims, with alice's Txn-Token and without a certificate: TLS ends it",
			gateway: unasked, service: unrecorded, shows: "certificate required"},
		{by: around("orders", cast.Alice), method: get, path: "/claims/c-alice-draft", says: "the same, with the certificate of orders, which this operation does not list",
			gateway: unasked, service: unrecorded, status: 403},
	}},
	{"SHARED: relations are rows of the service, with an end", []step{
		{by: as(cast.Dora), method: get, path: "/claims/c-bob", says: "bob shared his claim with her",
			gateway: entered, service: allowed, status: 200, rule: "delegate"},
		{by: as(cast.Eddy), method: get, path: "/claims/c-bob", says: "and with him, until an hour ago",
			gateway: entered, service: hidden, status: 404},
	}},
	{"ROLE, REGION, LIMIT: facts of the service, so taking one away works at once", []step{
		{by: as(cast.Ada), method: post, path: "/claims/c-bob/approve", says: "adjuster of eu up to 500.00 EUR; 300.00 EUR, assigned to her",
			gateway: entered, service: allowed, status: 200, rule: "adjuster-within-limit", shows: `"approved"`},
		{by: as(cast.Ada), method: post, path: "/claims/c-bob-big/approve", says: "700.00 EUR: she sees it, so she is told that she may not",
			gateway: entered, service: forbidden, status: 403},
		{by: as(cast.Ursula), method: post, path: "/claims/c-bob-big/approve", says: "adjuster of us: she does not see it",
			gateway: entered, service: hidden, status: 404},
		{by: as(cast.Ada), method: post, path: "/claims/c-ada/approve", says: "400.00 EUR, assigned to her, but her own claim",
			gateway: entered, service: forbidden, status: 403, rule: "own-claim"},
	}},
	{"SECOND FACTOR, SECOND PERSON", []step{
		{by: weak(cast.Sam), method: post, path: "/claims/c-bob-big/approve", says: "supervisor, logged in by password only: come back with your second factor",
			gateway: entered, service: stepUp, status: 401, rule: "supervisor-within-limit"},
		{by: as(cast.Sam), method: post, path: "/claims/c-bob-big/approve", says: "the same, with it",
			gateway: entered, service: allowed, status: 200, rule: "supervisor-within-limit", shows: `"approved"`},
		{by: as(cast.Sam), method: post, path: "/claims/c-bob-huge/approve", says: "6,000.00 EUR takes two: he is the first, it stays in review",
			gateway: entered, service: allowed, status: 200, rule: "supervisor-within-limit", shows: `"in_review"`},
		{by: as(cast.Sam), method: post, path: "/claims/c-bob-huge/approve", says: "he cannot be the second as well",
			gateway: entered, service: forbidden, status: 403, rule: "approved-by-me-before"},
		{by: as(cast.Sue), method: post, path: "/claims/c-bob-huge/approve", says: "sue is",
			gateway: entered, service: allowed, status: 200, rule: "supervisor-within-limit", shows: `"approved"`},
	}},
	{"ANOTHER SERVICE: orders knows other facts, and is asked on behalf of the person", []step{
		{by: as(cast.Swift), method: post, path: "/orders/o-swift/ship", says: "a carrier, with an order that is assigned to it; it is shown no amount",
			gateway: entered, service: allowed, status: 200, rule: "carrier", shows: `"shipped"`},
		{by: as(cast.Swift), method: post, path: "/orders/o-other/ship", says: "and with another carrier's",
			gateway: entered, service: hidden, status: 404},
		{by: as(cast.Bob), method: post, path: "/claims", body: filing, says: "a claim on alice's order: orders does not know it for him, so claims does not either",
			gateway: entered, service: hidden, status: 404, rule: "order-covered"},
		{by: as(cast.Alice), method: post, path: "/claims", body: filing, says: "the same, filed by alice: a draft",
			gateway: entered, service: allowed, status: 201, rule: "for-oneself", shows: `"draft"`},
	}},
	{"TOO MUCH: who guesses is slowed down, who knows is not", []step{
		{by: guesser, method: get, path: "/claims/c-alice", says: "a hundred guessed tokens from one address, then:",
			gateway: "429", service: unrecorded, status: 429},
		{by: as(cast.Alice), method: get, path: "/claims/c-alice", says: "a good token from the same address",
			gateway: entered, service: allowed, status: 200, rule: "owner", shows: "acme"},
	}},
}
