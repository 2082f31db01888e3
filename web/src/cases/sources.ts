// The doors through which a matter comes, and which of them a post mostly uses.
export const SOURCES = ['collector', 'grid-head', 'hotline', 'public', 'platform', 'superior', 'media', 'sensor'] as const

const OF_POST: Record<string, string> = { collector: 'collector', 'grid-head': 'grid-head', operator: 'hotline', public: 'public' }

export const sourceOf = (post: string | undefined) => OF_POST[post ?? ''] ?? ''
