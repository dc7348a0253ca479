/** The one place where markup becomes DOM. Everything that is inserted comes through here, except text and elements made by hand. */
import DOMPurify from 'dompurify';
import { SAFE_LINK } from './parser.ts';

const TAGS =
  'p h1 h2 h3 h4 h5 h6 ul ol li blockquote table thead tbody tr th td a code em strong s br hr span div input'.split(
    ' ',
  );
const PLAIN_ATTRIBUTES = 'title class start type checked disabled tabindex data-w data-k'.split(' ');

/** Markdown's HTML to a fragment that is safe to insert: no styles, no scripts, no pictures, no other schemes. */
export function toFragment(html: string): DocumentFragment {
  return DOMPurify.sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ['href', ...PLAIN_ATTRIBUTES],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    // The pattern is for targets alone; DOMPurify would hold every other value against it too.
    ALLOWED_URI_REGEXP: SAFE_LINK,
    ADD_URI_SAFE_ATTR: PLAIN_ATTRIBUTES,
    RETURN_DOM_FRAGMENT: true,
  });
}

/**
 * Cleans what KaTeX built. It works in place, so that styles set through CSSOM stay as they are: a parsed `style`
 * attribute would be refused by the content security policy.
 */
export function cleanFormula(element: HTMLElement): void {
  DOMPurify.sanitize(element, {
    IN_PLACE: true,
    USE_PROFILES: { html: true, svg: true, mathMl: true },
    ADD_TAGS: ['semantics', 'annotation'],
    FORBID_TAGS: ['a', 'img', 'image', 'input', 'form', 'style'],
    FORBID_ATTR: ['href', 'xlink:href', 'src'],
  });
}
