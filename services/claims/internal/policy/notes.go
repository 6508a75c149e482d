package policy

import (
	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/principal"
)

// The words about a note; those on owner, region, status and assignee are about its
// claim. They are named as in subject.go, with the note in front.
var (
	noteRule = authz.When[Subject, claim.Note]

	noteTenant   = authz.Column[Subject]("tenant", func(n *claim.Note) principal.Tenant { return n.Tenant })
	noteClaim    = authz.Column[Subject]("claim_id", func(n *claim.Note) claim.ID { return n.ClaimID })
	noteOwner    = authz.Column[Subject]("owner", func(n *claim.Note) principal.ID { return n.Owner })
	noteRegion   = authz.Column[Subject]("region", func(n *claim.Note) claim.Region { return n.Region })
	noteStatus   = authz.Column[Subject]("status", func(n *claim.Note) claim.Status { return n.Status })
	noteAssignee = authz.Optional[Subject]("assignee", func(n *claim.Note) principal.ID { return n.Assignee })
	noteKind     = authz.Column[Subject]("kind", func(n *claim.Note) claim.Kind { return n.Kind })

	noteAdjuster   = role[claim.Note]("an adjuster", claim.Adjuster)
	noteSupervisor = role[claim.Note]("a supervisor", claim.Supervisor)
	noteAssessor   = role[claim.Note]("an adjuster or supervisor", claim.Adjuster, claim.Supervisor)
	noteAuditor    = role[claim.Note]("an auditor", claim.Auditor)
	noteSupport    = role[claim.Note]("in support", claim.Support)

	noteStaffSees = noteStatus.OneOf(staffSeen...)
	public        = noteKind.OneOf(claim.Public)
	internal      = noteKind.OneOf(claim.Internal)

	// A kind that nobody knows says nothing about whom the note is for.
	kindKnown = []authz.Rule[Subject, claim.Note]{noteRule("kind-known", noteKind.OneOf(claim.Public, claim.Internal))}
)

// Notes is the policy of a claim's notes. Before it, lists and additions decide the
// claim itself. Whoever may read that reads the public notes, by the same rules; the
// internal ones are for those who decide about it and those who check on them.
var Notes = authz.New((*Subject).hasScope,
	[]authz.Rule[Subject, claim.Note]{noteRule("same-tenant", noteTenant.Is(myTenant))},
	authz.Action[Subject, claim.Note]{
		Name:    claim.ReadNotes,
		Scope:   "claims:read",
		Require: kindKnown,
		Forbid:  []authz.Rule[Subject, claim.Note]{noteRule("own-claim-internal", internal, noteOwner.Is(me))},
		Permit: []authz.Rule[Subject, claim.Note]{
			noteRule("owner", public, noteOwner.Is(me)),
			noteRule("assignee", public, noteAssessor, noteAssignee.Is(me), noteStaffSees),
			noteRule("adjuster-in-region", noteAdjuster, noteRegion.In(myRegions), noteStaffSees),
			noteRule("supervisor", noteSupervisor, noteStaffSees),
			noteRule("auditor", noteAuditor, noteStaffSees),
			noteRule("support", public, noteSupport, noteStaffSees),
			noteRule("delegate", public, noteClaim.In(sharedWithMe)),
		},
	},
	authz.Action[Subject, claim.Note]{
		Name:    claim.AddNote,
		Scope:   "claims:write",
		Require: kindKnown,
		Forbid:  []authz.Rule[Subject, claim.Note]{noteRule("own-claim-internal", internal, noteOwner.Is(me))},
		Permit: []authz.Rule[Subject, claim.Note]{
			noteRule("owner", public, noteOwner.Is(me)),
			noteRule("adjuster-in-region", noteAdjuster, noteRegion.In(myRegions), noteStaffSees),
			noteRule("supervisor", noteSupervisor, noteStaffSees),
			noteRule("support", public, noteSupport, noteStaffSees),
		},
	},
)
