package order

import (
	"encoding/json"
	"fmt"
)

// Item is one line of an order.
type Item struct {
	Name     string `json:"name"`
	Quantity int64  `json:"quantity"`
	Price    Cents  `json:"price"` // of one piece
}

// Items are the lines of an order as they are stored: one JSON text, since no rule and no filter looks inside.
type Items string

// NewItems makes the text of the lines.
func NewItems(lines []Item) Items {
	text, _ := json.Marshal(lines) // never fails: strings and numbers
	return Items(text)
}

// Lines reads the text. It fails on a text that NewItems did not make.
func (i Items) Lines() (lines []Item, err error) {
	if err := json.Unmarshal([]byte(i), &lines); err != nil {
		return nil, fmt.Errorf("the items of an order: %w", err)
	}
	return lines, nil
}

// The bounds of an order keep its amount far from the end of an int64, and a page of orders at some megabytes: what one
// customer wrote is read by many, and by that customer as often as they like.
const (
	maxItems    = 100
	maxQuantity = 1_000
	maxPrice    = Cents(10_000_000_00)
	maxNames    = 8 << 10 // bytes, of all items together
)

// total is what the lines cost together.
func total(lines []Item) (sum Cents) {
	for _, item := range lines {
		sum += Cents(item.Quantity) * item.Price
	}
	return sum
}

// unfitItems is the first thing about the lines that cannot be accepted.
func unfitItems(lines []Item) error {
	if len(lines) == 0 || len(lines) > maxItems {
		return Unfit(fmt.Sprintf("an order has 1 to %d items", maxItems))
	}
	names := 0
	for _, item := range lines {
		names += len(item.Name)
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
	if names > maxNames {
		return Unfit(fmt.Sprintf("the names of the items take at most %d bytes together", maxNames))
	}
	return nil
}
