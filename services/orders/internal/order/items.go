package order

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
)

// Item is one line of an order.
type Item struct {
	Name     string `json:"name"`
	Quantity int64  `json:"quantity"`
	Price    Cents  `json:"price"` // of one piece
}

// Items are the lines of an order, kept as one JSON column: no rule and no filter looks inside.
type Items []Item

// Scan reads the column (sql.Scanner).
func (i *Items) Scan(column any) error {
	switch text := column.(type) {
	case string:
		return json.Unmarshal([]byte(text), i)
	case []byte:
		return json.Unmarshal(text, i)
	}
	return fmt.Errorf("order items: a column of %T", column)
}

// Value writes the column (driver.Valuer).
func (i Items) Value() (driver.Value, error) {
	text, err := json.Marshal(i)
	return string(text), err
}

// The bounds of an order keep its amount far from the end of an int64.
const (
	maxItems    = 100
	maxQuantity = 1_000
	maxPrice    = Cents(10_000_000_00)
)

// Total is what the items cost together.
func (i Items) Total() Cents {
	var sum Cents
	for _, item := range i {
		sum += Cents(item.Quantity) * item.Price
	}
	return sum
}

// unfit is the first thing about the items that cannot be accepted.
func (i Items) unfit() error {
	if len(i) == 0 || len(i) > maxItems {
		return Unfit(fmt.Sprintf("an order has 1 to %d items", maxItems))
	}
	for _, item := range i {
		switch {
		case item.Quantity < 1 || item.Quantity > maxQuantity:
			return Unfit(fmt.Sprintf("the quantity of an item is 1 to %d", maxQuantity))
		case item.Price < 0 || item.Price > maxPrice:
			return Unfit(fmt.Sprintf("the price of an item is 0 to %d cents", maxPrice))
		}
		if err := unfitText("the name of an item", item.Name, 200); err != nil {
			return err
		}
	}
	return nil
}
