package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/services/claims/internal/store/internal/db"
	"innerdoor.example/shared/audit"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/principal"
)

// Crowd is so many claims, drawn at random, in the tenants t0, t1, …, in equal shares: to
// see how the service behaves when there are many. The same Crowd is always the same rows.
// It is not for a database that is being served: a tenant is written for seconds on end.
//
// Some people of t0 are there to be asked as: home:customer, who has three claims;
// home:delegate, with whom five are shared; and home:adjuster, in whose region there is
// none, home:supervisor, home:auditor and home:support, who work there.
type Crowd struct {
	Claims, Tenants int
	Seed            uint64
}

// crowdShare is the fewest claims of a tenant: the people of t0 need some.
const crowdShare = 10

// crowdFiled is when the oldest claim of a tenant was filed; one more came each minute.
// It is no offset from now, so that the rows are the same whenever they are made.
var crowdFiled = claim.At(time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC))

var (
	crowdThings   = []string{"kettle", "lamp", "coat", "chair", "radio", "clock", "bicycle", "tent", "mirror", "guitar"}
	crowdStates   = []string{"broken", "late", "scratched", "wet", "bent", "torn", "silent", "stained"}
	crowdParts    = []string{"lid", "cable", "screw", "manual", "handle", "wheel", "glass", "box", "string", "sleeve", "button", "leg"}
	crowdRegions  = []claim.Region{"eu", "us", "uk"}
	crowdStatuses = []claim.Status{claim.Draft, claim.Submitted, claim.InReview, claim.InReview, claim.Approved, claim.Approved,
		claim.Approved, claim.Approved, claim.Rejected, claim.Withdrawn}
)

// SeedCrowd makes the crowd, tenant by tenant, each in one transaction and recorded once:
// a record for each row would be most of the work and say nothing more. A tenant that has
// claims stays as it is. made is told after each tenant how many claims there are so far.
func (o *Operator) SeedCrowd(ctx context.Context, c Crowd, made func(claims int)) error {
	if c.Tenants < 1 || c.Claims < c.Tenants*crowdShare {
		return fmt.Errorf("want one tenant, and for each at least %d claims", crowdShare)
	}
	total := 0
	for i := range c.Tenants {
		t := crowd{
			tenant: principal.Tenant(fmt.Sprintf("t%d", i)), first: i == 0, claims: c.Claims / c.Tenants,
			random: rand.New(rand.NewPCG(c.Seed, uint64(i))),
		}
		if i < c.Claims%c.Tenants {
			t.claims++
		}
		err := o.db.Write(ctx, func(ctx context.Context, tx *database.Tx) error {
			there, err := claims{}.Count(ctx, tx, t.tenant, []authz.SQL{{Text: "1 = 1"}}, nil)
			if err == nil && there == 0 {
				err = errors.Join(t.make(ctx, db.New(tx)), o.recordCrowd(ctx, tx, t))
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("tenant %s: %w", t.tenant, err)
		}
		total += t.claims
		made(total)
	}
	return nil
}

func (o *Operator) recordCrowd(ctx context.Context, tx *database.Tx, t crowd) error {
	r := audit.Operator(Name, o.build, "seed", authz.Ref{Type: "claim", Tenant: string(t.tenant)}, o.now())
	r.Count = int64(t.claims)
	return audit.Insert(ctx, tx, r)
}

// crowd is one tenant's part of a Crowd.
type crowd struct {
	tenant principal.Tenant
	first  bool
	claims int
	random *rand.Rand
}

func (t crowd) make(ctx context.Context, q *db.Queries) error {
	for i := range t.claims {
		c := t.draw(i)
		n, err := q.InsertClaim(ctx, db.InsertClaimParams(c))
		if err == nil && n == 0 {
			err = fmt.Errorf("there is another claim %s, or one about its order", c.ID)
		}
		if err == nil {
			err = insertWords(ctx, q, &c, claim.Words(c.Description))
		}
		if err != nil {
			return err
		}
	}
	if !t.first {
		return nil
	}
	return t.people(ctx, q)
}

// draw is the i-th claim, in the order in which they were filed.
func (t crowd) draw(i int) claim.Claim {
	amount := claim.Cents(1_00 + t.random.Int64N(900_00))
	filed := crowdFiled.Add(time.Duration(i) * time.Minute)
	c := claim.Claim{
		Tenant: t.tenant, ID: claim.ID(fmt.Sprintf("c-%07d", i)), OrderID: claim.OrderID(fmt.Sprintf("o-%07d", i)),
		Owner:  principal.ID(fmt.Sprintf("home:u%d", t.random.IntN(t.claims/3))),
		Region: drawn(t.random, crowdRegions), Status: drawn(t.random, crowdStatuses),
		Amount: amount, OrderAmount: amount + 100_00, Currency: "EUR",
		Description: fmt.Sprintf("%s %s, %s %s", drawn(t.random, crowdThings), drawn(t.random, crowdStates), drawn(t.random, crowdParts), drawn(t.random, crowdStates)),
		ContactName: "A Name", ContactEmail: "a.name@example.com", ContactPhone: "+49 30 123456",
		DeliveredAt: filed.Add(-48 * time.Hour), Version: 1, CreatedAt: filed, UpdatedAt: filed,
	}
	if t.first && (i == 0 || i == t.claims/2 || i == t.claims-1) {
		c.Owner, c.Status, c.Description = "home:customer", claim.Submitted, "kettle broken, lid bent"
	}
	if c.Status != claim.Draft && c.Status != claim.Submitted {
		c.Assignee = principal.ID(fmt.Sprintf("home:a%d", t.random.IntN(20)))
	}
	return c
}

func drawn[E any](random *rand.Rand, from []E) E { return from[random.IntN(len(from))] }

// people makes those of the first tenant who are there to be asked as.
func (t crowd) people(ctx context.Context, q *db.Queries) (err error) {
	for _, s := range []claim.Staff{
		{Subject: "home:adjuster", Role: claim.Adjuster, Regions: "nowhere", LimitAmount: 500_00, LimitCurrency: "EUR"},
		{Subject: "home:supervisor", Role: claim.Supervisor, LimitAmount: 5_000_00, LimitCurrency: "EUR"},
		{Subject: "home:auditor", Role: claim.Auditor},
		{Subject: "home:support", Role: claim.Support},
	} {
		s.Tenant, s.Version, s.CreatedAt, s.UpdatedAt = t.tenant, 1, crowdFiled, crowdFiled
		err = errors.Join(err, q.PutStaff(ctx, db.PutStaffParams(s)))
	}
	for i := range 5 {
		c, missing := q.FindClaim(ctx, db.FindClaimParams{Tenant: t.tenant, ID: claim.ID(fmt.Sprintf("c-%07d", 1+i*t.claims/crowdShare))})
		_, failed := q.InsertDelegation(ctx, db.InsertDelegationParams{
			Tenant: t.tenant, ID: claim.ShareOf(c.ID, "home:delegate"), ClaimID: c.ID, Subject: "home:delegate", GrantedBy: c.Owner,
			ExpiresAt: crowdFiled.Add(100 * 365 * 24 * time.Hour), Version: 1, CreatedAt: crowdFiled, UpdatedAt: crowdFiled,
		})
		err = errors.Join(err, missing, failed)
	}
	return err
}
