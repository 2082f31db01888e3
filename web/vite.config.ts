import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import vue from '@vitejs/plugin-vue'
import { defineConfig, type Plugin } from 'vite'

// The Go server sends the twin that the client accepts, so nothing is
// compressed while serving.
function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    closeBundle() {
      for (const entry of readdirSync('dist', { recursive: true, withFileTypes: true })) {
        const file = join(entry.parentPath, entry.name)
        if (!entry.isFile() || !/\.(m?js|css|html|svg)$/.test(file)) continue
        const raw = readFileSync(file)
        if (raw.length < 1024) continue
        writeFileSync(file + '.gz', gzipSync(raw, { level: 9 }))
        writeFileSync(file + '.br', brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }))
      }
      // Emptying the folder removes the placeholder that go:embed needs.
      writeFileSync('dist/.gitkeep', '')
    },
  }
}

const server = process.env.GEWU_URL ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [vue(), precompress()],
  define: { __VUE_OPTIONS_API__: true, __VUE_PROD_DEVTOOLS__: false },
  build: {
    target: ['chrome100', 'safari15.4'],
    modulePreload: { polyfill: false },
    // A style inlined as a data URI would need a looser content policy.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1200,
  },
  worker: { format: 'es' },
  server: { proxy: Object.fromEntries(['/v1', '/tiles', '/styles', '/openapi.json'].map((path) => [path, server])) },
})
