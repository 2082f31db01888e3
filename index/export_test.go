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
		w, _, err := p.take(ctx, way, m)
		if err != nil {
			return nil, err
		}
		worlds = append(worlds, w)
	}
	return worlds, nil
}

// Build builds the World of a moment in one way, without the cache, and weighs it. It is nil when that way does not
// lead there.
func (p *Past) Build(ctx context.Context, when Moment, by string) (w *World, weight int64, err error) {
	m, err := p.settle(ctx, when, p.engine.World())
	if err != nil {
		return nil, 0, err
	}
	ways, err := p.ways(ctx, m)
	if err != nil {
		return nil, 0, err
	}
	for _, way := range ways {
		if way.kind != map[string]kind{"memory": recall, "log": rewind, "replay": replay}[by] {
			continue
		}
		return p.take(ctx, way, m)
	}
	return nil, 0, nil
}
