/** The documentation as a site: Markdown in, pages out, with nothing from outside. */
@NullMarked
package io.msgtrans.reactive.samples.docs;

import org.jspecify.annotations.NullMarked;
