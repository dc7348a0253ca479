import { mount } from 'svelte';
import { chooseHost } from './host';
import { applyAppearance } from './state/appearance';
import './styles/tokens.css';
import './styles/base.css';
import Bar from './views/bar/Bar.svelte';

applyAppearance({ theme: 'system', motion: 'system', textSize: null, language: 'system' });
const target = document.getElementById('app');
if (target) mount(Bar, { target, props: { host: await chooseHost() } });
