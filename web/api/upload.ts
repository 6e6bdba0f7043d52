// Sending a file to the server. XMLHttpRequest, since fetch does not tell how much has been sent.
import { errorOf, noAnswer } from './client.ts';

/**
 * Sends a file as the body of a POST.
 * @param path with its query, e.g. `/api/import?name=a.log`
 * @param onSent called with the bytes that have been sent
 * @throws RequestError; an AbortError where `signal` gave it up
 */
export function upload<T>(
  path: string,
  file: File,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', path);
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.upload.onprogress = (event) => onSent(event.loaded);
    request.upload.onload = () => onSent(file.size);
    request.onload = () => {
      const { status, statusText, responseText } = request;
      if (status >= 200 && status < 300) resolve(JSON.parse(responseText) as T);
      else reject(errorOf(status, statusText, responseText));
    };
    request.onerror = () => reject(noAnswer());
    request.onabort = () => reject(new DOMException('It was given up.', 'AbortError'));
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}
