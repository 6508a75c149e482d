package authz

// Table is the policy as a markdown table, the same text for the same rules.
func (p *Policy[S, R]) Table() string { return "" }

// Digest names the policy: the first 16 hex digits of the SHA-256 of its table.
func (p *Policy[S, R]) Digest() string { return p.digest }

func digest(table string) string { return table }
