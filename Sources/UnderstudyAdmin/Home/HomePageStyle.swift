// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How the home page looks: the reader's own font and colours, on any width.

enum HomePageStyle {
    static let text = """
        :root { color-scheme: light dark; --line: #8886; --soft: #8882; --good: #17803d; --bad: #b42318; }
        @media (prefers-color-scheme: dark) { :root { --good: #4ade80; --bad: #ff8a80; } }
        * { box-sizing: border-box; }
        body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
        h1 { font-size: 1.5rem; margin: 0 0 .5rem; }
        h2 { font-size: 1.15rem; margin: 1.5rem 0 .5rem; }
        dl { display: flex; flex-wrap: wrap; gap: .25rem 2rem; margin: 0; }
        dt { font-size: .85rem; }
        dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; }
        ul { list-style: none; margin: 0; padding: 0; border-top: 1px solid var(--line); }
        li { padding: .6rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
        li a, button { font: 600 1rem ui-monospace, monospace; }
        p { margin: .1rem 0 .4rem; }
        form { display: flex; flex-wrap: wrap; gap: .6rem 1rem; align-items: end; }
        .field { display: flex; flex-direction: column; flex: 1 1 14rem; gap: .2rem; }
        label span { font-weight: 600; display: block; }
        small { font-size: .85rem; display: block; }
        input[type=text], select, button { font-size: 1rem; padding: .45rem .6rem; min-height: 2.75rem; }
        input[type=checkbox] { width: 1.5rem; height: 1.5rem; }
        input[type=text] { width: 100%; }
        button { cursor: pointer; border: 1px solid var(--line); border-radius: .4rem; background: var(--soft); }
        :focus-visible { outline: 3px solid #3b82f6; outline-offset: 2px; }
        .good { color: var(--good); }
        .bad { color: var(--bad); }
        .alarm { border: 2px solid var(--bad); border-radius: .4rem; padding: 0 1rem 1rem; margin-top: 1rem; }
        """
}
