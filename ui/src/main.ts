import { mount } from 'svelte';
import { chooseHost } from './host';
import { applyAppearance } from './state/appearance';
import './styles/tokens.css';
import './styles/base.css';
import App from './views/App.svelte';

// The system's theme until the settings are known: a dark window must not begin with a white flash.
applyAppearance({ theme: 'system', motion: 'system', textSize: null, language: 'system' });
const target = document.getElementById('app');
if (target) mount(App, { target, props: { host: await chooseHost() } });
