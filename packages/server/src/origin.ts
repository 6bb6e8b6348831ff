/**
 * Which web pages may connect. A browser lets any page open a WebSocket to any server and sends its cookies along,
 * and CORS does not apply; the Origin header is what tells pages apart.
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/WebSocket_Security_Cheat_Sheet.html · origin.test.ts
 */
import { header, type HttpHeaders } from './http-request.ts';

/** Decides by the headers of a request. Who sends no Origin is not a browser. */
export function originCheck(
  origins: readonly string[] | '*' | undefined,
): (headers: HttpHeaders) => boolean {
  if (origins === '*') return () => true;
  const listed = origins && new Set(origins);
  return (headers) => {
    const origin = header({ headers }, 'origin');
    if (origin === undefined) return true;
    if (listed) return listed.has(origin);
    return (
      URL.canParse(origin) && new URL(origin).host === header({ headers }, 'host')?.toLowerCase()
    );
  };
}
