package api

import (
	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/services/claims/internal/store"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/web"
)

// storyView is what happened and how far it is: all that a delegate sees.
type storyView struct {
	ID             claim.ID         `json:"id"`
	Tenant         principal.Tenant `json:"tenant"`
	Owner          principal.ID     `json:"owner"`
	Order          claim.OrderID    `json:"order"`
	Region         claim.Region     `json:"region"`
	Description    string           `json:"description"`
	Status         claim.Status     `json:"status"`
	Assignee       principal.ID     `json:"assignee,omitzero"`
	FirstApprover  principal.ID     `json:"first_approver,omitzero"`
	SecondApprover principal.ID     `json:"second_approver,omitzero"`
	DeliveredAt    claim.Time       `json:"delivered_at"` // unix milliseconds, like every time here
	Version        int64            `json:"version"`
	CreatedAt      claim.Time       `json:"created_at"`
	UpdatedAt      claim.Time       `json:"updated_at"`
}

// wholeView is that, and what it is about in money and in person.
type wholeView struct {
	storyView
	Amount      claim.Cents    `json:"amount"`
	Currency    claim.Currency `json:"currency"`
	OrderAmount claim.Cents    `json:"order_amount"`
	Contact     contact        `json:"contact"`
}

type contact struct {
	Name  string `json:"name"`
	Email string `json:"email"`
	Phone string `json:"phone"`
}

func story(c claim.Claim) any { return storyOf(c) }

func whole(c claim.Claim) any { return wholeOf(c, contact(c.Contact())) }

const mask = "***"

// masked is whole, but for who can be reached how.
func masked(c claim.Claim) any { return wholeOf(c, contact{Name: mask, Email: mask, Phone: mask}) }

func wholeOf(c claim.Claim, who contact) wholeView {
	return wholeView{storyView: storyOf(c), Amount: c.Amount, Currency: c.Currency, OrderAmount: c.OrderAmount, Contact: who}
}

func storyOf(c claim.Claim) storyView {
	return storyView{
		ID: c.ID, Tenant: c.Tenant, Owner: c.Owner, Order: c.OrderID, Region: c.Region,
		Description: c.Description, Status: c.Status,
		Assignee: c.Assignee, FirstApprover: c.FirstApprover, SecondApprover: c.SecondApprover,
		DeliveredAt: c.DeliveredAt, Version: c.Version, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt,
	}
}

func listView(page store.Listed) (web.Page[any], error) {
	v := web.Page[any]{Items: make([]any, len(page.Rows)), Next: page.Next}
	for i, c := range page.Rows {
		var err error
		if v.Items[i], err = view(c); err != nil {
			return web.Page[any]{}, err
		}
	}
	return v, nil
}

type shareView struct {
	Claim     claim.ID     `json:"claim"`
	Subject   principal.ID `json:"subject"`
	ExpiresAt claim.Time   `json:"expires_at"`
	GrantedBy principal.ID `json:"granted_by"`
	Version   int64        `json:"version"`
}

func shareViewOf(d claim.Delegation) shareView {
	return shareView{Claim: d.ClaimID, Subject: d.Subject, ExpiresAt: d.ExpiresAt, GrantedBy: d.GrantedBy, Version: d.Version}
}

type noteView struct {
	ID        string       `json:"id"`
	Claim     claim.ID     `json:"claim"`
	Kind      claim.Kind   `json:"kind"`
	Author    principal.ID `json:"author"`
	Body      string       `json:"body"`
	Version   int64        `json:"version"`
	CreatedAt claim.Time   `json:"created_at"`
}

func noteViewOf(n claim.Note) noteView {
	return noteView{ID: n.ID.Name(), Claim: n.ClaimID, Kind: n.Kind, Author: n.Author, Body: n.Body, Version: n.Version, CreatedAt: n.CreatedAt}
}

type staffView struct {
	Subject  principal.ID   `json:"subject"`
	Role     claim.Role     `json:"role"`
	Regions  []claim.Region `json:"regions"`
	Limit    claim.Cents    `json:"limit"`
	Currency claim.Currency `json:"currency,omitzero"`
	Version  int64          `json:"version"`
}

func staffViewOf(s claim.Staff) staffView {
	return staffView{Subject: s.Subject, Role: s.Role, Regions: s.Regions.List(), Limit: s.LimitAmount, Currency: s.LimitCurrency, Version: s.Version}
}

// asItIs shows auditors the records as they are.
func asItIs(d store.Decision) store.Decision { return d }

// pageView is a page of rows of which everybody who may read them sees the same.
func pageView[R, V any](page store.ListedOf[R], view func(R) V) web.Page[V] {
	v := web.Page[V]{Items: make([]V, len(page.Rows)), Next: page.Next}
	for i, row := range page.Rows {
		v.Items[i] = view(row.Row)
	}
	return v
}
