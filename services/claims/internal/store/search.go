package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"innerdoor.example/services/claims/internal/claim"
	"innerdoor.example/services/claims/internal/store/internal/db"
	"innerdoor.example/shared/authz"
	"innerdoor.example/shared/database"
	"innerdoor.example/shared/door"
	"innerdoor.example/shared/principal"
)

// keepWords keeps the table of words in step with the claim's description, in the
// transaction that saves the claim.
func keepWords(ctx context.Context, q *db.Queries, c *claim.Claim) error {
	had, err := q.WordsOf(ctx, db.WordsOfParams{Tenant: c.Tenant, ClaimID: c.ID})
	if err != nil {
		return err
	}
	has := claim.Words(c.Description)
	for _, word := range had {
		if _, stays := slices.BinarySearch(has, word); !stays {
			err = q.DeleteWord(ctx, db.DeleteWordParams{Tenant: c.Tenant, ClaimID: c.ID, Word: word})
		}
		if err != nil {
			return err
		}
	}
	return insertWords(ctx, q, c, slices.DeleteFunc(has, func(word string) bool { return slices.Contains(had, word) }))
}

func insertWords(ctx context.Context, q *db.Queries, c *claim.Claim, words []string) error {
	for _, word := range words {
		err := q.InsertWord(ctx, db.InsertWordParams{Tenant: c.Tenant, ClaimID: c.ID, Word: word, Region: c.Region, CreatedAt: c.CreatedAt})
		if err != nil {
			return err
		}
	}
	return nil
}

// sought is the filter for claims that have all these words.
func sought(words []string) (pairs []string) {
	for i, word := range words {
		pairs = append(pairs, wordColumn(i), word)
	}
	return pairs
}

// wordColumn is the i-th of the words that a claim is found by: word_a, word_b, ….
func wordColumn(i int) string { return "word_" + string(rune('a'+i)) }

// search is the place of claims as they are found by so many of their words.
//
// There are two ways to go. A person's own claims, those assigned to them and those
// shared with them are walked themselves, and each is asked for the words: they are
// few, however common a word is. The claims of a region or of the whole tenant are many:
// there the first word is walked, in its region or alone. Either walk is in the order of
// lists and ends when the page is full. CROSS JOIN makes SQLite begin with what is
// named first; to others it is a join like any.
type search struct {
	claims
	words int
}

// from is the claims with their words as further columns: each claim as often as there are combinations of
// its words, of which the filter leaves one.
func (s search) from(wordFirst bool) string {
	var tables, columns, joins []string
	for i := range s.words {
		name := wordColumn(i)
		tables, columns = append(tables, "words AS "+name), append(columns, name+".word AS "+name)
		if i > 0 || !wordFirst {
			joins = append(joins, fmt.Sprintf("%[1]s.tenant = c.tenant AND %[1]s.claim_id = c.id", name))
		}
	}
	walked := "c"
	if wordFirst {
		walked = wordColumn(0)
		tables = slices.Insert(tables, 1, "claims AS c")
		joins = append(joins, fmt.Sprintf("c.tenant = %[1]s.tenant AND c.id = %[1]s.claim_id", walked))
	} else {
		tables = slices.Insert(tables, 0, "claims AS c")
	}
	id := map[bool]string{true: ".claim_id", false: ".id"}[wordFirst]
	return fmt.Sprintf(`(SELECT %[1]s.tenant, %[1]s%[2]s AS id, %[1]s.region, %[1]s.created_at, %[3]s,
		c.owner, c.order_id, c.amount, c.currency, c.order_amount, c.description,
		c.contact_name, c.contact_email, c.contact_phone, c.status, c.assignee, c.first_approver, c.second_approver,
		c.delivered_at, c.version, c.updated_at FROM %[4]s WHERE %[5]s) AS claims`,
		walked, id, strings.Join(columns, ", "), strings.Join(tables, " CROSS JOIN "), strings.Join(joins, " AND "))
}

// few says whether a way leads to claims that have to do with one person.
func few(way authz.SQL) bool {
	return slices.ContainsFunc([]string{"(owner = ?)", "(assignee = ?)", "(id = ?)", "(id IN ("}, func(by string) bool {
		return strings.Contains(way.Text, by)
	})
}

// statement finds the page by both walks. sel is "SELECT columns FROM ".
func (s search) statement(sel string, tenant principal.Tenant, ways []authz.SQL, p door.Page) (text string, args []any) {
	own := slices.DeleteFunc(slices.Clone(ways), func(way authz.SQL) bool { return !few(way) })
	all := slices.DeleteFunc(slices.Clone(ways), few)
	ofClaims, args := door.Keyset(sel+s.from(false), tenant, own, p)
	ofWords, more := door.Keyset(sel+s.from(true), tenant, all, p)
	return fmt.Sprintf("SELECT * FROM (%s) AS own UNION SELECT * FROM (%s) AS others ORDER BY created_at DESC, id DESC LIMIT %d",
		ofClaims, ofWords, p.Limit), append(args, more...)
}

// Page implements door.Table.
func (s search) Page(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, p door.Page) ([]claim.Claim, error) {
	text, args := s.statement(strings.TrimSuffix(selectClaims, "claims"), tenant, ways, p)
	return database.All(ctx, tx, claimFields, text, args...)
}

// Count implements door.Table.
func (s search) Count(ctx context.Context, tx *database.Tx, tenant principal.Tenant, ways []authz.SQL, f door.Filter) (int64, error) {
	text, args := door.CountEach(func(way authz.SQL) string { return s.from(!few(way)) }, tenant, ways, f)
	return database.Count(ctx, tx, text, args...)
}
