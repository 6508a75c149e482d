package api

import (
	"innerdoor.example/services/orders/internal/order"
	"innerdoor.example/services/orders/internal/store"
	"innerdoor.example/shared/principal"
	"innerdoor.example/shared/web"
)

type orderView struct {
	ID          order.ID         `json:"id"`
	Tenant      principal.Tenant `json:"tenant"`
	Owner       principal.ID     `json:"owner"`
	Items       []item           `json:"items"`
	Amount      order.Cents      `json:"amount"`
	Currency    order.Currency   `json:"currency"`
	ShipTo      string           `json:"ship_to"`
	Contact     contact          `json:"contact"`
	Region      order.Region     `json:"region"`
	Carrier     order.Carrier    `json:"carrier"`
	Status      order.Status     `json:"status"`
	Version     int64            `json:"version"`
	CreatedAt   order.Time       `json:"created_at"` // unix milliseconds, like every time here
	UpdatedAt   order.Time       `json:"updated_at"`
	ShippedAt   order.Time       `json:"shipped_at,omitzero"`
	DeliveredAt order.Time       `json:"delivered_at,omitzero"`
}

type item struct {
	Name     string      `json:"name"`
	Quantity int64       `json:"quantity"`
	Price    order.Cents `json:"price"`
}

type contact struct {
	Name  string `json:"name"`
	Email string `json:"email"`
	Phone string `json:"phone"`
}

func whole(o order.Order) (any, error) { return wholeView(o, contact(o.Contact())) }

// masked is whole, but for who can be reached how.
func masked(o order.Order) (any, error) {
	return wholeView(o, contact{Name: mask, Email: mask, Phone: mask})
}

const mask = "***"

func wholeView(o order.Order, who contact) (any, error) {
	lines, err := o.Items.Lines()
	items := make([]item, len(lines))
	for i, line := range lines {
		items[i] = item(line)
	}
	return orderView{
		ID: o.ID, Tenant: o.Tenant, Owner: o.Owner, Items: items, Amount: o.Amount, Currency: o.Currency,
		ShipTo: o.ShipTo, Contact: who, Region: o.Region, Carrier: o.Carrier, Status: o.Status,
		Version: o.Version, CreatedAt: o.CreatedAt, UpdatedAt: o.UpdatedAt, ShippedAt: o.ShippedAt, DeliveredAt: o.DeliveredAt,
	}, err
}

type parcelView struct {
	ID     order.ID     `json:"id"`
	ShipTo string       `json:"ship_to"`
	Status order.Status `json:"status"`
	Region order.Region `json:"region"`
}

// parcel is what a carrier needs: where to bring it.
func parcel(o order.Order) (any, error) {
	return parcelView{ID: o.ID, ShipTo: o.ShipTo, Status: o.Status, Region: o.Region}, nil
}

func listView(page store.Listed) (web.Page[any], error) {
	v := web.Page[any]{Items: make([]any, len(page.Rows)), Next: page.Next}
	for i, o := range page.Rows {
		var err error
		if v.Items[i], err = view(o); err != nil {
			return web.Page[any]{}, err
		}
	}
	return v, nil
}

// decisionsView shows auditors the records as they are.
func decisionsView(page store.Decisions) web.Page[store.Decision] {
	return plain(page, func(d store.Decision) store.Decision { return d })
}

// plain is a list of rows that look the same to everybody who may read them.
func plain[R, V any](page store.ListedOf[R], view func(R) V) web.Page[V] {
	v := web.Page[V]{Items: make([]V, len(page.Rows)), Next: page.Next}
	for i, row := range page.Rows {
		v.Items[i] = view(row.Row)
	}
	return v
}

type staffOf struct {
	Subject       principal.ID   `json:"subject"`
	Role          order.Role     `json:"role"`
	LimitAmount   order.Cents    `json:"limit,omitzero"`
	LimitCurrency order.Currency `json:"currency,omitzero"`
	Version       int64          `json:"version"`
	CreatedAt     order.Time     `json:"created_at"`
	UpdatedAt     order.Time     `json:"updated_at"`
}

func staffView(s order.Staff) staffOf {
	return staffOf{Subject: s.Subject, Role: s.Role, LimitAmount: s.LimitAmount, LimitCurrency: s.LimitCurrency,
		Version: s.Version, CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt}
}

type courierOf struct {
	Subject   principal.ID  `json:"subject"`
	Carrier   order.Carrier `json:"carrier"`
	Version   int64         `json:"version"`
	CreatedAt order.Time    `json:"created_at"`
	UpdatedAt order.Time    `json:"updated_at"`
}

func courierView(c order.Courier) courierOf {
	return courierOf{Subject: c.Subject, Carrier: c.Carrier, Version: c.Version, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt}
}

type coverageOf struct {
	Order       order.ID       `json:"order"`
	Status      order.Status   `json:"status"`
	DeliveredAt order.Time     `json:"delivered_at"` // unix milliseconds; 0: not delivered
	Amount      order.Cents    `json:"amount"`
	Currency    order.Currency `json:"currency"`
	Region      order.Region   `json:"region"`
}

func coverageView(o order.Order) coverageOf {
	return coverageOf{Order: o.ID, Status: o.Status, DeliveredAt: o.DeliveredAt,
		Amount: o.Amount, Currency: o.Currency, Region: o.Region}
}
