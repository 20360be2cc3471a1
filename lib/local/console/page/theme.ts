import { setAttributes, setText } from './dom.ts';

const KEY = 'fusebox-theme';

/** Each follows the other; without a word the system decides. */
const NEXT = { auto: 'light', light: 'dark', dark: 'auto' } as const;
type Theme = keyof typeof NEXT;

const isTheme = (text: string | null): text is Theme => text !== null && text in NEXT;

/** Makes a button change the page's colours, and remembers it. */
export function themeButton(button: HTMLElement, label: HTMLElement): void {
  const stored = localStorage.getItem(KEY);
  let theme: Theme = isTheme(stored) ? stored : 'auto';
  const show = () => {
    setAttributes(document.documentElement, { 'data-theme': theme === 'auto' ? undefined : theme });
    setAttributes(button, { 'aria-label': `Colours: ${theme}. Change to ${NEXT[theme]}` });
    setText(label, theme);
  };
  button.addEventListener('click', () => {
    theme = NEXT[theme];
    localStorage.setItem(KEY, theme);
    show();
  });
  show();
}
