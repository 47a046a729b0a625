/* media-chrome writes <style> elements into its shadow roots. Each gets the nonce of this
   script, without which the content security policy refuses them. Runs before media-chrome. */

(() => {
  const { nonce } = document.currentScript;
  const define = customElements.define.bind(customElements);

  customElements.define = (name, element, options) => {
    const html = element.getTemplateHTML;
    if (html) {
      element.getTemplateHTML = function withNonce(...values) {
        return html.apply(this, values).replaceAll("<style>", `<style nonce="${nonce}">`);
      };
    }
    define(name, element, options);
  };
})();
