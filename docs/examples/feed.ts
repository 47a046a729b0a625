// Reads the home feed with types generated from the schema:
//
//   npx openapi-typescript http://127.0.0.1:8000/api/v1/schema/ -o docs/examples/schema.d.ts
//   node docs/examples/feed.ts http://127.0.0.1:8000 USERNAME PASSWORD

import createClient from "openapi-fetch";
import type { paths } from "./schema.d.ts";

const [address, login, password] = process.argv.slice(2);
if (!address || !login || !password) {
  throw new Error("Usage: feed.ts ADDRESS USERNAME PASSWORD");
}
const api = createClient<paths>({ baseUrl: address });

const session = await api.POST("/api/v1/auth/login/", { body: { login, password } });
if (!session.data) {
  throw new Error(session.error.detail);
}
api.use({
  onRequest({ request }) {
    request.headers.set("Authorization", `Bearer ${session.data.token}`);
  },
});

let cursor: string | null = null;
do {
  const query: { limit: number; cursor?: string } = cursor ? { limit: 5, cursor } : { limit: 5 };
  const page = await api.GET("/api/v1/feeds/home/", { params: { query } });
  if (!page.data) {
    throw new Error(page.error.detail);
  }
  for (const { position, video, reason } of page.data.results) {
    console.log(`${position}. ${video.title}: ${reason}`);
  }
  cursor = page.data.next_cursor;
} while (cursor);

const first = await api.GET("/api/v1/videos/", { params: { query: { limit: 1 } } });
const video = first.data?.results[0];
if (video) {
  const path = { video_id: video.video_id };
  const liked = await api.PUT("/api/v1/videos/{video_id}/like/", { params: { path } });
  console.log(`liked ${video.title}: ${liked.data?.likes}`);
}
