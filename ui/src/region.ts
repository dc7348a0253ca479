import { mount } from 'svelte';
import { chooseHost } from './host';
import { applyAppearance } from './state/appearance';
import './styles/tokens.css';
import './styles/base.css';
import Region from './views/region/Region.svelte';

applyAppearance({ theme: 'system', motion: 'system', textSize: null, language: 'system' });
const target = document.getElementById('app');
if (target) mount(Region, { target, props: { host: await chooseHost() } });
