package index

import "context"

// Everyway builds the World of a moment in every way there is, without the cache.
func (p *Past) Everyway(ctx context.Context, when Moment) ([]*World, error) {
	m, err := p.settle(ctx, when, p.engine.World())
	if err != nil {
		return nil, err
	}
	ways, err := p.ways(ctx, m)
	if err != nil {
		return nil, err
	}
	var worlds []*World
	for _, way := range ways {
		w, err := p.take(ctx, way, m)
		if err != nil {
			return nil, err
		}
		worlds = append(worlds, w)
	}
	return worlds, nil
}
