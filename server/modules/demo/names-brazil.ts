// Who lives and works in and around São Paulo. All invented: the names are common, the people are nobody's.

/** The names of a text with commas between them. */
export const listNames = (text: string): string[] => text.trim().split(/,\s+/)

export const firstNames = listNames(`
  Adriana, Alessandra, Amanda, Ana Beatriz, Ana Clara, Ana Paula, Antônio, Arthur, Augusto, Bianca, Bruna,
  Bruno, Caio, Camila, Carlos Eduardo, Carolina, Cecília, César, Clara, Cláudia, Cristiane, Daniel,
  Daniela, Débora, Diego, Eduardo, Elaine, Elisa, Emerson, Fabiana, Fábio, Felipe, Fernanda, Flávia,
  Gabriel, Gabriela, Giovanna, Guilherme, Gustavo, Henrique, Igor, Isabela, Ivan, João Pedro, João Vitor,
  Joana, Jorge, José Roberto, Juliana, Júlio César, Karina, Larissa, Laura, Leandro, Leonardo, Letícia,
  Lívia, Lucas, Luciana, Luís Felipe, Luiza, Marcelo, Márcia, Marcos, Maria Eduarda, Maria Helena, Mariana,
  Marina, Matheus, Mauro, Milena, Murilo, Natália, Nicolas, Olívia, Otávio, Patrícia, Paulo,
  Pedro Henrique, Priscila, Rafael, Raquel, Regina, Renata, Ricardo, Roberta, Rodrigo, Rogério, Samuel,
  Sandra, Sérgio, Simone, Sofia, Tatiane, Teresa, Thiago, Valéria, Vanessa, Vinícius, Vitória, Wagner,
  Yasmin`)

export const lastNames = listNames(`
  Abreu, Albuquerque, Almeida, Alves, Amaral, Andrade, Antunes, Aragão, Araújo, Assis, Azevedo, Barbosa,
  Barreto, Batista, Bittencourt, Borges, Braga, Brandão, Brito, Bueno, Camargo, Campos, Cardoso, Carneiro,
  Carvalho, Castilho, Cavalcanti, Chaves, Coelho, Cordeiro, Corrêa, Costa, Coutinho, Cunha, Dantas, Dias,
  Domingues, Esteves, Farias, Fernandes, Ferreira, Figueiredo, Fogaça, Fonseca, Franco, Freitas, Furtado,
  Galvão, Garcia, Gomes, Gonçalves, Guimarães, Kimura, Lacerda, Leite, Lima, Lopes, Machado, Magalhães,
  Maia, Marques, Martins, Matsuda, Medeiros, Mello, Mendes, Menezes, Miranda, Monteiro, Moraes, Moreira,
  Moura, Nakamura, Nascimento, Neves, Nogueira, Nunes, Oliveira, Pacheco, Paiva, Peixoto, Pereira,
  Pimentel, Pinheiro, Pinto, Pires, Queiroz, Quintela, Ramos, Rezende, Ribeiro, Rocha, Rodrigues, Salles,
  Sampaio, Santana, Santos, Silveira, Simões, Soares, Souza, Tanaka, Tavares, Teixeira, Toledo, Vargas,
  Vasconcelos, Vieira, Vilela, Xavier, Zanetti`)

/** Trading name, its domain's label, and who owns it: legal form goes into the name as it does on a bill. */
export const companies: readonly [name: string, domain: string][] = [
  ['Açougue Boi Manso Ltda.', 'boimanso'],
  ['Academia Corpo em Cena Ltda.', 'corpoemcena'],
  ['Adega Santa Ifigênia Comércio de Bebidas Ltda.', 'adegasantaifigenia'],
  ['Advocacia Bittencourt & Rezende', 'bittencourtrezende'],
  ['Agência Cafuné Comunicação Ltda.', 'agenciacafune'],
  ['Arquitetura Sete Telhados Ltda.', 'setetelhados'],
  ['Auto Elétrica Irmãos Zanetti Ltda.', 'irmaoszanetti'],
  ['Auto Escola Via Verde Ltda.', 'viaverdeautoescola'],
  ['Barbearia Dom Olavo ME', 'domolavo'],
  ['Bicicletaria Roda Livre ME', 'rodalivre'],
  ['Buffet Dona Iracema Eventos Ltda.', 'buffetdonairacema'],
  ['Cantina Nonna Assunta Ltda.', 'nonnaassunta'],
  ['Centro Odontológico Sorriso Pleno Ltda.', 'sorrisopleno'],
  ['Chaveiro Porta Aberta ME', 'portaaberta'],
  ['Clínica Veterinária Bem-te-vi Ltda.', 'vetbemtevi'],
  ['Clínica de Fisioterapia Passo Firme Ltda.', 'passofirme'],
  ['Colégio Girassol de Pinheiros Ltda.', 'colegiogirassol'],
  ['Confeitaria Flor de Sal Ltda.', 'flordesalconfeitaria'],
  ['Contabilidade Lacerda & Filhos S/S', 'lacerdaefilhos'],
  ['Cooperativa de Costura Fio da Meada', 'fiodameada'],
  ['Despachante Mooca Express Ltda.', 'moocaexpress'],
  ['Drogaria Vila Romana Ltda.', 'drogariavilaromana'],
  ['Escola de Música Compasso Ltda.', 'compassomusica'],
  ['Estúdio de Pilates Eixo ME', 'eixopilates'],
  ['Estúdio Fotográfico Luz Rasante Ltda.', 'luzrasante'],
  ['Ferragens Tamanduateí Comércio Ltda.', 'ferragenstamanduatei'],
  ['Floricultura Manacá da Serra ME', 'manacadaserra'],
  ['Galeria Pau-Ferro Arte Ltda.', 'galeriapauferro'],
  ['Gráfica Traço Rápido Ltda.', 'tracorapido'],
  ['Hortifruti Quintal da Lapa Ltda.', 'quintaldalapa'],
  ['Hostel Ladeira Ltda.', 'hostelladeira'],
  ['Imobiliária Porto Feliz Negócios Ltda.', 'imobportofeliz'],
  ['Instituto Jacaré de Cultura', 'institutojacare'],
  ['Laboratório Análise Certa Ltda.', 'analisecerta'],
  ['Lavanderia Espuma Branca ME', 'espumabranca'],
  ['Livraria Página Dobrada Ltda.', 'paginadobrada'],
  ['Marcenaria Jequitibá Ltda.', 'marcenariajequitiba'],
  ['Mercadinho São Judas Ltda.', 'mercadinhosaojudas'],
  ['Metalúrgica Aço Paulista S.A.', 'acopaulista'],
  ['Ótica Olhar Claro Ltda.', 'olharclaro'],
  ['Papelaria Lápis de Cor ME', 'lapisdecor'],
  ['Pet Shop Focinho Gelado Ltda.', 'focinhogelado'],
  ['Pizzaria Forno do Bixiga Ltda.', 'fornodobixiga'],
  ['Pousada Serra da Cantareira Ltda.', 'pousadacantareira'],
  ['Restaurante Panela de Barro Ltda.', 'paneladebarro'],
  ['Transportadora Rota Bandeirante Ltda.', 'rotabandeirante'],
]

export const titles = ['Financeiro', 'Administração', 'Gerência', 'Compras', 'TI', 'Recepção', 'Direção']
export const mailDomains = ['correio.example', 'caixapostal.example', 'webmail.example', 'meuemail.example']

export type Place = {
  city: string
  state: string
  district: string | null
  postal: string
  streets: string[]
}

export const places: readonly (readonly [Place, number])[] = [
  [
    {
      city: 'São Paulo',
      state: 'SP',
      district: 'Vila Madalena',
      postal: '05435',
      streets: ['Rua Harmonia', 'Rua Girassol', 'Rua Purpurina', 'Rua Wisard'],
    },
    8,
  ],
  [
    {
      city: 'São Paulo',
      state: 'SP',
      district: 'Pinheiros',
      postal: '05422',
      streets: ['Rua dos Pinheiros', 'Rua Cardeal Arcoverde', 'Rua Artur de Azevedo'],
    },
    8,
  ],
  [
    {
      city: 'São Paulo',
      state: 'SP',
      district: 'Perdizes',
      postal: '05015',
      streets: ['Rua Monte Alegre', 'Rua Cardoso de Almeida', 'Rua Itapicuru'],
    },
    7,
  ],
  [
    {
      city: 'São Paulo',
      state: 'SP',
      district: 'Butantã',
      postal: '05503',
      streets: ['Rua Alvarenga', 'Rua Camargo', 'Avenida Corifeu de Azevedo Marques'],
    },
    8,
  ],
  [
    {
      city: 'São Paulo',
      state: 'SP',
      district: 'Lapa',
      postal: '05065',
      streets: ['Rua Guaicurus', 'Rua Clélia', 'Rua Catão'],
    },
    6,
  ],
  [
    {
      city: 'São Paulo',
      state: 'SP',
      district: 'Vila Mariana',
      postal: '04101',
      streets: ['Rua Domingos de Morais', 'Rua Joaquim Távora', 'Rua Áurea'],
    },
    6,
  ],
  [
    {
      city: 'São Paulo',
      state: 'SP',
      district: 'Ipiranga',
      postal: '04265',
      streets: ['Rua Silva Bueno', 'Rua Bom Pastor', 'Rua Agostinho Gomes'],
    },
    5,
  ],
  [
    {
      city: 'São Paulo',
      state: 'SP',
      district: 'Mooca',
      postal: '03164',
      streets: ['Rua da Mooca', 'Rua Juventus', 'Rua Taquari'],
    },
    6,
  ],
  [
    {
      city: 'São Paulo',
      state: 'SP',
      district: 'Tatuapé',
      postal: '03310',
      streets: ['Rua Tuiuti', 'Rua Serra de Bragança', 'Rua Itapura'],
    },
    6,
  ],
  [
    {
      city: 'São Paulo',
      state: 'SP',
      district: 'Santana',
      postal: '02012',
      streets: ['Rua Voluntários da Pátria', 'Rua Alfredo Pujol', 'Rua Dr. César'],
    },
    5,
  ],
  [
    {
      city: 'São Paulo',
      state: 'SP',
      district: 'Bela Vista',
      postal: '01323',
      streets: ['Rua Treze de Maio', 'Rua Rui Barbosa', 'Rua Conselheiro Carrão'],
    },
    4,
  ],
  [
    {
      city: 'São Paulo',
      state: 'SP',
      district: 'Freguesia do Ó',
      postal: '02925',
      streets: ['Rua Bonifácio Cubas', 'Avenida Itaberaba'],
    },
    4,
  ],
  [
    {
      city: 'São Paulo',
      state: 'SP',
      district: 'Santo Amaro',
      postal: '04740',
      streets: ['Rua Barão de Duprat', 'Rua Amador Bueno', 'Alameda Santo Amaro'],
    },
    5,
  ],
  [
    {
      city: 'São Paulo',
      state: 'SP',
      district: 'Saúde',
      postal: '04139',
      streets: ['Rua Guiratinga', 'Rua Carneiro da Cunha', 'Avenida Bosque da Saúde'],
    },
    4,
  ],
  [
    {
      city: 'Osasco',
      state: 'SP',
      district: 'Vila Yara',
      postal: '06026',
      streets: ['Rua Deputado Emílio Carlos', 'Avenida dos Autonomistas'],
    },
    5,
  ],
  [
    {
      city: 'Guarulhos',
      state: 'SP',
      district: 'Vila Galvão',
      postal: '07071',
      streets: ['Rua Treze de Maio', 'Avenida Sete de Setembro'],
    },
    4,
  ],
  [
    {
      city: 'Santo André',
      state: 'SP',
      district: 'Jardim',
      postal: '09090',
      streets: ['Rua das Figueiras', 'Rua das Bandeiras', 'Rua das Esmeraldas'],
    },
    4,
  ],
  [
    {
      city: 'São Bernardo do Campo',
      state: 'SP',
      district: 'Rudge Ramos',
      postal: '09635',
      streets: ['Rua Sacramento', 'Avenida Caminho do Mar'],
    },
    4,
  ],
  [
    {
      city: 'São Caetano do Sul',
      state: 'SP',
      district: 'Santa Paula',
      postal: '09521',
      streets: ['Rua Amazonas', 'Rua Alegre', 'Rua Monte Alegre'],
    },
    3,
  ],
  [
    {
      city: 'Taboão da Serra',
      state: 'SP',
      district: 'Parque Assunção',
      postal: '06754',
      streets: ['Rua José Milani', 'Rua Levy de Souza e Silva'],
    },
    3,
  ],
]
