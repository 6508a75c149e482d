package web

// Page is the body of every list: one page of it, and how to ask for the next.
type Page[V any] struct {
	Items []V    `json:"items"`
	Next  string `json:"next,omitzero"` // the value of "cursor" for the next page; absent on the last
}

// Count is the body of every count.
type Count struct {
	Count int64 `json:"count"`
}
