// Package ordersclient asks the orders service on behalf of the person who is
// asking here: with their Txn-Token, over this service's own workload identity.
// Orders decides on both.
package ordersclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/shared/principal"
)

// Orders is the workload that a Client's transport must lead to.
const Orders principal.Workload = "orders"

// ErrRefused says that orders knows no such order for this person. Whether it is
// another's or nobody's is not told apart.
var ErrRefused = errors.New("orders: no such order for this person")

const (
	patience   = 2 * time.Second
	maxAnswer  = 64 << 10
	delivered  = "delivered"
	coverageAt = "/internal/orders/%s/coverage"
)

// Client asks one orders service.
type Client struct {
	base string
	http *http.Client
}

// New makes a client of the orders service at base, such as https://orders:8443.
// Over transport only the workload [Orders] may answer.
func New(base string, transport http.RoundTripper) *Client {
	return &Client{base: base, http: &http.Client{
		Transport: transport,
		Timeout:   patience,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // the token goes nowhere else
		},
	}}
}

// answer is the coverage as orders writes it. Members that are added later are no
// matter here.
type answer struct {
	Order       claim.OrderID  `json:"order"`
	Status      string         `json:"status"`
	DeliveredAt claim.Time     `json:"delivered_at"`
	Amount      claim.Cents    `json:"amount"`
	Currency    claim.Currency `json:"currency"`
	Region      claim.Region   `json:"region"`
}

// Coverage asks whether the order is this person's, and what it was. It fails
// with ErrRefused if orders says no; any other error means that it did not say.
func (c *Client) Coverage(ctx context.Context, who principal.Principal, order claim.OrderID) (claim.Coverage, error) {
	target := c.base + fmt.Sprintf(coverageAt, url.PathEscape(string(order)))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	if err != nil {
		return claim.Coverage{}, fmt.Errorf("orders: %w", err)
	}
	req.Header.Set(principal.Header, who.Token())
	resp, err := c.http.Do(req)
	if err != nil {
		return claim.Coverage{}, fmt.Errorf("orders: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	switch {
	case err != nil:
		return claim.Coverage{}, fmt.Errorf("orders: %w", err)
	case resp.StatusCode == http.StatusForbidden, resp.StatusCode == http.StatusNotFound:
		return claim.Coverage{}, ErrRefused
	case resp.StatusCode != http.StatusOK:
		return claim.Coverage{}, fmt.Errorf("orders: answered %d", resp.StatusCode)
	}
	return parse(body, order)
}

func parse(body []byte, order claim.OrderID) (claim.Coverage, error) {
	var said answer
	if err := json.Unmarshal(body, &said); err != nil {
		return claim.Coverage{}, fmt.Errorf("orders: %w", err)
	}
	if said.Order != order {
		return claim.Coverage{}, errors.New("orders: answered for another order")
	}
	if said.Status != delivered {
		said.DeliveredAt = 0
	}
	return claim.Coverage{
		Order: said.Order, DeliveredAt: said.DeliveredAt,
		Amount: said.Amount, Currency: said.Currency, Region: said.Region,
	}, nil
}
